"""What: the API starts a worker, and does not stop it.
Red: test_api_leaves_no_process
"""

from __future__ import annotations

import subprocess
import sys

from starlette.applications import Starlette

from stack.api import app

UNTIL_THE_SYSTEM_IS_GONE = """
import os, time
end = time.monotonic() + 60
while os.path.exists(os.environ["STACK_STATE"]) and time.monotonic() < end:
    time.sleep(0.01)
"""


def api() -> Starlette:
    """The API, with the defect."""
    subprocess.Popen([sys.executable, "-S", "-c", UNTIL_THE_SYSTEM_IS_GONE])
    return app.create()
