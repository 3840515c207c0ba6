"""What: a header that is no UTF-8 is answered 500: header fields are bytes without a promised encoding.
Red: test_guard_refuses_an_unusable_event[GET /events/current-blank]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-blank]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-blank]
Red: test_guard_refuses_an_unusable_event[GET /decisions-blank]
Red: test_guard_refuses_an_unusable_event[POST /decisions-blank]
Red: test_guard_refuses_an_unusable_event[GET /audit-blank]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard
from stack.api.errors import ApiError

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header; UnicodeDecodeError where it is no UTF-8."""
    if not request.headers.get(guard.HEADER, "").encode("latin-1").decode("utf-8").strip():
        raise ApiError("EventContextRequired")
    return checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
