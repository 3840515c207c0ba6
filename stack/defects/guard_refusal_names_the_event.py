"""What: whoever asks for another's event is refused, and told its name.
Red: test_guard_refuses_an_unusable_event[GET /events/current-another's event]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-another's event]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-another's event]
Red: test_guard_refuses_an_unusable_event[GET /decisions-another's event]
Red: test_guard_refuses_an_unusable_event[POST /decisions-another's event]
Red: test_guard_refuses_an_unusable_event[GET /audit-another's event]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, database, guard
from stack.api.errors import ApiError

asked = guard.role_in


class Denied(ApiError):
    """A refusal that says what it refuses."""

    event: object = None

    def body(self, request_id: str) -> dict[str, object]:
        """The refusal, and the event where there is one."""
        return super().body(request_id) | ({"event": self.event} if self.event else {})


async def role_in(connection: database.Connection, event: UUID) -> str:
    """The caller's role in the event."""
    try:
        return await asked(connection, event)
    except ApiError as error:
        await connection.execute("set local role service_role")
        found = await connection.execute("select name from public.events where id = %s", [event])
        denied = Denied(error.code)
        denied.event = await found.fetchone()
        raise denied from None


def api() -> Starlette:
    """The API, with the defect."""
    guard.role_in = role_in
    return app.create()
