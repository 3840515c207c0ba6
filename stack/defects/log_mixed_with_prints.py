"""What: a print() that was left in the API writes plain text between the lines of its log.
Red: test_api_log_can_be_read
"""

from __future__ import annotations

import sys
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard

found = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header."""
    print("got here", file=sys.stderr, flush=True)
    return found(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
