"""What: authentication stands before CORS, and a preflight never carries a token.
Red: test_preflight_allows_what_admin_needs[*]
Red: test_events_page_shows_the_events
Red: test_no_cors_error
Red: test_no_failed_request
Red: test_no_script_error
Unverified: test_browser_blocks_the_same_page_from_a_foreign_origin
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app


async def signed_in_first(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse an OPTIONS request without a token."""
    refused = request.method == "OPTIONS" and "authorization" not in request.headers
    return Response(status_code=401) if refused else await call_next(request)


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.middleware
    app.middleware = lambda known: [Middleware(BaseHTTPMiddleware, dispatch=signed_in_first), *careful(known)]
    return app.create()
