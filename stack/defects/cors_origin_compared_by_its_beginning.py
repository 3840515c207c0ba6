"""What: an origin is allowed when it begins with the configured one: for port 300 also port 3000.
Red: test_preflight_refuses_a_foreign_origin[trailing slash]
Red: test_answer_is_not_readable_from_a_foreign_origin[trailing slash]
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
        """Whether the origin begins with a configured one."""
        return any(origin.startswith(allowed) for allowed in self.allow_origins)


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(Cors, **app.cors(known.admin_origin)), Middleware(log.RequestLog)]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
