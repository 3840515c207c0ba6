"""What: the header is cut to the length of a UUID, and what stood behind it is never seen.
Red: test_guard_refuses_an_unusable_event[GET /events/current-over-long]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[GET /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[POST /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[GET /audit-over-long]
Red: test_guard_refuses_an_unusable_event[GET /events/current-comma list]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[GET /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[POST /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[GET /audit-comma list]
Red: test_guard_refuses_an_unusable_event[GET /events/current-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-injected SQL]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /decisions-injected SQL]
Red: test_guard_refuses_an_unusable_event[POST /decisions-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /audit-injected SQL]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard, uuids

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event at the header's beginning."""
    values = request.headers.getlist(guard.HEADER)
    event = uuids.canonical(values[0][:36]) if len(values) == 1 else None
    return event if event and event != guard.NIL else checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
