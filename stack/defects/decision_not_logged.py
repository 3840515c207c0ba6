"""What: the API no longer logs decisions: the audit log alone knows of them.
Red: test_every_entry_is_in_the_log
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, log


def decision(request: Request, decision_id: UUID) -> None:
    """Say nothing."""


def api() -> Starlette:
    """The API, with the defect."""
    log.decision = decision
    return app.create()
