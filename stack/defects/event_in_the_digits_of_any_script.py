"""What: the library's own constructor judges the header: it takes the digits of every script for ours.
Red: test_guard_refuses_an_unusable_event[GET /events/current-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-non-ASCII]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /decisions-non-ASCII]
Red: test_guard_refuses_an_unusable_event[POST /decisions-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /audit-non-ASCII]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header, as Python's UUID() reads it."""
    values = request.headers.getlist(guard.HEADER)
    try:
        [event] = [UUID(value.encode("latin-1").decode("utf-8")) for value in values]
    except ValueError:
        return checked(request)
    return event if event != guard.NIL else checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
