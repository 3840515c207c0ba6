"""What: of two headers the last one counts, whatever a proxy or a log took for the event.
Red: test_guard_refuses_an_unusable_event[GET /events/current-two headers, own last]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-two headers, own last]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-two headers, own last]
Red: test_guard_refuses_an_unusable_event[GET /decisions-two headers, own last]
Red: test_guard_refuses_an_unusable_event[POST /decisions-two headers, own last]
Red: test_guard_refuses_an_unusable_event[GET /audit-two headers, own last]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard, uuids

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the last header."""
    values = request.headers.getlist(guard.HEADER)
    event = uuids.canonical(values[-1]) if len(values) > 1 else None
    return event if event is not None else checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
