"""What: when the API stops, a child of it lives on with the socket that it listens on.
Red: test_api_refuses_new_requests
Red: test_api_releases_its_port
Red: test_api_leaves_no_process
Red: test_api_starts_again_in_time
Unverified: test_api_allows_the_admins_origin
Unverified: test_admin_is_served_at_its_origin
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from types import FrameType

from starlette.applications import Starlette

from stack.api import app
from stack.defects.api_leaves_a_worker_running import UNTIL_THE_SYSTEM_IS_GONE


def listening() -> int:
    """A copy of the socket that takes connections."""
    for number in range(3, 256):
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as found:
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                return os.dup(number)
    raise LookupError("the API does not listen")


def api() -> Starlette:
    """The API, with the defect."""
    orderly = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        subprocess.Popen([sys.executable, "-S", "-c", UNTIL_THE_SYSTEM_IS_GONE], pass_fds=[listening()])
        if callable(orderly):
            orderly(number, frame)

    signal.signal(signal.SIGTERM, stop)
    return app.create()
