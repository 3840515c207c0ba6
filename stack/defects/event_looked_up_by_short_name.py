"""What: events have short names too; one that none has is answered 404, which is no error of the guard.
Red: test_guard_refuses_an_unusable_event[GET /events/current-malformed]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-malformed]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-malformed]
Red: test_guard_refuses_an_unusable_event[GET /decisions-malformed]
Red: test_guard_refuses_an_unusable_event[POST /decisions-malformed]
Red: test_guard_refuses_an_unusable_event[GET /audit-malformed]
"""

from __future__ import annotations

import re
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard
from stack.api.errors import ApiError

SHORT_NAMES = {"jakarta": UUID("11111111-1111-4111-8111-111111111111")}
checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header, by its id or its short name."""
    value = request.headers.get(guard.HEADER, "")
    if not re.fullmatch("[a-z-]+", value):
        return checked(request)
    if value not in SHORT_NAMES:
        raise ApiError("NotFound")
    return SHORT_NAMES[value]


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
