"""What: the event may stand in the address instead of the header, where links and logs carry it around.
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

from stack.api import app, guard, uuids

checked = guard.event_of


def event_of(request: Request) -> UUID:
    """The event in the header, else in the query."""
    event = uuids.canonical(request.query_params.get("event_id"))
    return event if event and guard.HEADER not in request.headers else checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of = event_of
    return app.create()
