"""What: the guard compares a UUID with a text, finds no member, and refuses everybody.
Red: test_guard_lets_members_into_their_own_event[*]
Unverified: test_member_of_two_events_gets_the_one_named[*]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, database, guard
from stack.api.errors import ApiError


async def role_in(connection: database.Connection, event: UUID) -> str:
    """The caller's role in the event."""
    found = await connection.execute(
        "select event_id, role from public.event_members where user_id = (select auth.uid())"
    )
    roles = {row["event_id"]: str(row["role"]) async for row in found}
    if str(event) not in roles:
        raise ApiError("PermissionDeniedForEvent")
    return roles[event]


def api() -> Starlette:
    """The API, with the defect."""
    guard.role_in = role_in
    return app.create()
