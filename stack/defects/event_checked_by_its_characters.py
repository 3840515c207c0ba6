"""What: a header is taken for a UUID when its characters could be one's: empty, cut or over-long it is answered 500.
Red: test_guard_refuses_an_unusable_event[GET /events/current-empty]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-empty]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-empty]
Red: test_guard_refuses_an_unusable_event[GET /decisions-empty]
Red: test_guard_refuses_an_unusable_event[POST /decisions-empty]
Red: test_guard_refuses_an_unusable_event[GET /audit-empty]
Red: test_guard_refuses_an_unusable_event[GET /events/current-cut short]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-cut short]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-cut short]
Red: test_guard_refuses_an_unusable_event[GET /decisions-cut short]
Red: test_guard_refuses_an_unusable_event[POST /decisions-cut short]
Red: test_guard_refuses_an_unusable_event[GET /audit-cut short]
Red: test_guard_refuses_an_unusable_event[GET /events/current-over-long]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[GET /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[POST /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[GET /audit-over-long]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard
from stack.api.errors import ApiError

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header; ValueError where the right characters are too few or too many."""
    values = request.headers.getlist(guard.HEADER)
    if len(values) != 1:
        return checked(request)
    if not set(values[0]) <= set("0123456789abcdef-"):
        raise ApiError("EventContextInvalid")
    return UUID(values[0])


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
