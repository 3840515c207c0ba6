"""What: origins are compared without regard to case; the standard compares them byte for byte.
Red: test_preflight_refuses_a_foreign_origin[upper case]
Red: test_answer_is_not_readable_from_a_foreign_origin[upper case]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from stack.api import app, log
from stack.api.settings import Settings


class Cors(CORSMiddleware):
    """CORS, with the defect."""

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether the origin is configured, in any case."""
        return super().is_allowed_origin(origin.lower())


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(Cors, **app.cors(known.admin_origin)), Middleware(log.RequestLog)]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
