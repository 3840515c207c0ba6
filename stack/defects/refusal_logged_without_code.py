"""What: a request without a token is refused without any domain code, in the answer as in the log.
Red: test_every_error_has_a_domain_code
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stack.api import app, errors, tokens

checked = tokens.claims_of
answered = errors.answer


def claims_of(request: Request) -> tokens.Claims:
    """The caller's verified claims."""
    if "authorization" not in request.headers:
        raise HTTPException(401)
    return checked(request)


async def answer(request: Request, error: Exception) -> Response:
    """The framework's own answer to a 401, which leaves no code for the log."""
    if isinstance(error, HTTPException) and error.status_code == 401:
        return JSONResponse({"detail": "Unauthorized"}, 401)
    return await answered(request, error)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.claims_of = claims_of
    errors.answer = answer
    return app.create()
