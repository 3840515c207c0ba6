"""What: of a comma list the first entry counts, as with forwarded addresses.
Red: test_guard_refuses_an_unusable_event[GET /events/current-comma list]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[GET /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[POST /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[GET /audit-comma list]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, guard, uuids

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header, the first where there are more."""
    first, comma, _ = request.headers.get(guard.HEADER, "").partition(",")
    event = uuids.canonical(first.strip()) if comma else None
    return event if event is not None else checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
