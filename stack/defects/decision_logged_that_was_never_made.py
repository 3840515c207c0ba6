"""What: beside each decision the API logs one more, which it never made: there is no audit entry of it.
Red: test_every_logged_decision_has_its_entry
"""

from __future__ import annotations

from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, log

logged = log.decision


def decision(request: Request, decision_id: UUID) -> None:
    """Log the decision, and another one."""
    logged(request, decision_id)
    logged(request, uuid4())


def api() -> Starlette:
    """The API, with the defect."""
    log.decision = decision
    return app.create()
