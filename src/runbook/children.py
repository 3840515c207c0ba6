"""What was started by us in a session of its own, ended with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress


def kill(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """With everything of its session: what lived on would hold a pipe open."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
