"""What: preflights allow whichever origin asks: any page may send what changes data, though it cannot read the answer.
Red: test_preflight_refuses_a_foreign_origin[*]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from stack.api import app, log
from stack.api.settings import Settings


class Cors(CORSMiddleware):
    """CORS, with the defect."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer the origin that asks as if it were allowed."""
        asking = CORSMiddleware(self.app, **app.cors(request_headers["origin"]))
        return asking.preflight_response(request_headers)


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(Cors, **app.cors(known.admin_origin)), Middleware(log.RequestLog)]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
