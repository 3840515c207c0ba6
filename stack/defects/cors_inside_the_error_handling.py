"""What: CORS stands inside the error handling: the Admin cannot read a refusal.
Red: test_refusal_is_readable_from_the_admin
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from stack.api import app, log
from stack.api.settings import Settings


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(log.RequestLog), Middleware(CORSMiddleware, **app.cors(known.admin_origin))]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
