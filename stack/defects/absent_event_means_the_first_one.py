"""What: without an event in the header the first one is meant, as when there was only one.
Red: test_guard_refuses_an_unusable_event[GET /events/current-absent]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-absent]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-absent]
Red: test_guard_refuses_an_unusable_event[GET /decisions-absent]
Red: test_guard_refuses_an_unusable_event[POST /decisions-absent]
Red: test_guard_refuses_an_unusable_event[GET /audit-absent]
Red: test_guard_refuses_an_unusable_event[GET /events/current-empty]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-empty]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-empty]
Red: test_guard_refuses_an_unusable_event[GET /decisions-empty]
Red: test_guard_refuses_an_unusable_event[POST /decisions-empty]
Red: test_guard_refuses_an_unusable_event[GET /audit-empty]
Red: test_guard_refuses_an_unusable_event[GET /events/current-event in the query instead]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-event in the query instead]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-event in the query instead]
Red: test_guard_refuses_an_unusable_event[GET /decisions-event in the query instead]
Red: test_guard_refuses_an_unusable_event[POST /decisions-event in the query instead]
Red: test_guard_refuses_an_unusable_event[GET /audit-event in the query instead]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard

FIRST = UUID("11111111-1111-4111-8111-111111111111")
checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header, or the first one."""
    return checked(request) if request.headers.get(guard.HEADER) else FIRST


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
