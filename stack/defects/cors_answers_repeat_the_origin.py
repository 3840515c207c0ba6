"""What: preflights are strict, but the real answers repeat whichever origin asked: what needs no preflight can be read.
Red: test_answer_is_not_readable_from_a_foreign_origin[*]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from stack.api import app, log
from stack.api.settings import Settings


class Cors(CORSMiddleware):
    """CORS, with the defect."""

    async def simple_response(self, scope: Scope, receive: Receive, send: Send, request_headers: Headers) -> None:
        """Answer the origin that asks as if it were allowed."""
        asking = CORSMiddleware(self.app, **app.cors(request_headers.get("origin", "")))
        await asking.simple_response(scope, receive, send, request_headers)


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(Cors, **app.cors(known.admin_origin)), Middleware(log.RequestLog)]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
