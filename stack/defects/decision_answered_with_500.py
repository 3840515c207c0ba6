"""What: a decision is made, committed and logged, and then its answer fails: whoever decided tries again.
Red: test_no_server_error
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app, routes

made = routes.decide


async def decide(request: Request) -> Response:
    """Decide, and fail to say so."""
    await made(request)
    raise RuntimeError("the answer cannot be written")


def api() -> Starlette:
    """The API, with the defect."""
    routes.decide = decide
    return app.create()
