"""What: the API ends at once when it is told to stop, whatever it is doing.
Red: test_api_answers_the_requests_under_way
"""

from __future__ import annotations

import os
import signal

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    return app.create()
