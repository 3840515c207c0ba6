"""What: the guard's message names the event that the caller may not enter, to be helpful.
Red: test_guard_refuses_an_unusable_event[*-another's event]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, database, guard
from stack.api.errors import ApiError


def api() -> Starlette:
    """The API, with the defect."""
    believed = guard.role_in

    async def role_in(connection: database.Connection, event: UUID) -> str:
        try:
            return await believed(connection, event)
        except ApiError:
            await connection.execute("select set_config('role', 'service_role', true)")
            found = await connection.execute("select name from public.events where id = %s", [event])
            known = await found.fetchone()
            raise ApiError(
                "PermissionDeniedForEvent", f"You are no member of {known['name']}." if known else ""
            ) from None

    guard.role_in = role_in
    return app.create()
