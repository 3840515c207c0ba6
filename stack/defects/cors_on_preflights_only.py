"""What: only preflights are answered with CORS, by the gateway; the real answers carry none.
Red: test_answer_is_readable_from_the_admin
Red: test_refusal_is_readable_from_the_admin
Red: test_events_page_shows_the_events
Red: test_no_cors_error
Red: test_no_failed_request
Red: test_no_script_error
Unverified: test_browser_blocks_the_same_page_from_a_foreign_origin
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
        """Pass the answer on as it is."""
        await self.app(scope, receive, send)


def middleware(known: Settings) -> list[Middleware]:
    """As in the API, with the defect."""
    return [Middleware(Cors, **app.cors(known.admin_origin)), Middleware(log.RequestLog)]


def api() -> Starlette:
    """The API, with the defect."""
    app.middleware = middleware
    return app.create()
