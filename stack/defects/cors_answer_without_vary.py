"""What: answers do not say that they vary by origin: a cache may hand the Admin's own to another site.
Red: test_answer_is_readable_from_the_admin
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from stack.api import app, log
from stack.api.settings import Settings


class Cors(CORSMiddleware):
    """CORS, with the defect."""

    @staticmethod
    def allow_explicit_origin(headers: MutableHeaders, origin: str) -> None:
        """Allow the origin."""
        headers["access-control-allow-origin"] = origin


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(Cors, **app.cors(known.admin_origin)), Middleware(log.RequestLog)]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
