"""What: the nil UUID means all events, for a dashboard that the operators once had.
Red: test_guard_refuses_an_unusable_event[GET /events/current-nil UUID]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-nil UUID]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-nil UUID]
Red: test_guard_refuses_an_unusable_event[GET /decisions-nil UUID]
Red: test_guard_refuses_an_unusable_event[POST /decisions-nil UUID]
Red: test_guard_refuses_an_unusable_event[GET /audit-nil UUID]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, database, guard

checked, asked = guard.event_of, guard.role_in


def event_of(request: Request) -> UUID:
    """The event in the header, or the nil UUID."""
    return guard.NIL if request.headers.getlist(guard.HEADER) == [str(guard.NIL)] else checked(request)


async def role_in(connection: database.Connection, event: UUID) -> str:
    """The caller's role in the event; in all of them everybody may read."""
    if event != guard.NIL:
        return await asked(connection, event)
    await connection.execute("set local role service_role")
    return "organizer"


def api() -> Starlette:
    """The API, with the defect."""
    guard.event_of, guard.role_in = event_of, role_in
    return app.create()
