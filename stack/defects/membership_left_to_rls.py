"""What: the guard does not ask for membership: an unknown event and another's are answered with nothing.
Red: test_guard_refuses_an_unusable_event[GET /events/current-unknown event]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-unknown event]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-unknown event]
Red: test_guard_refuses_an_unusable_event[GET /decisions-unknown event]
Red: test_guard_refuses_an_unusable_event[POST /decisions-unknown event]
Red: test_guard_refuses_an_unusable_event[GET /audit-unknown event]
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


async def role_in(connection: database.Connection, event: UUID) -> str:
    """The caller's role in the event, or none: row-level security will see to it."""
    try:
        return await asked(connection, event)
    except ApiError:
        return "none"


def api() -> Starlette:
    """The API, with the defect."""
    guard.role_in = role_in
    return app.create()
