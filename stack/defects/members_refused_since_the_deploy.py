"""What: since the deploy the guard refuses members too: each refusal is in order, and there are far too many.
Red: test_code_stays_below_its_threshold[PermissionDeniedForEvent]
Unverified: test_every_logged_decision_has_its_entry
Unverified: test_every_entry_is_in_the_log
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, database, guard
from stack.api.errors import ApiError


async def role_in(connection: database.Connection, event: UUID) -> str:
    """Nobody belongs anywhere."""
    raise ApiError("PermissionDeniedForEvent")


def api() -> Starlette:
    """The API, with the defect."""
    guard.role_in = role_in
    return app.create()
