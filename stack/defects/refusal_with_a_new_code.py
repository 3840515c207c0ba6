"""What: an upgrade renamed the domain code of a request without a token; nobody told those who watch the codes.
Red: test_every_code_is_known
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, tokens
from stack.api.errors import ApiError

checked = tokens.claims_of


def claims_of(request: Request) -> tokens.Claims:
    """The caller's verified claims."""
    try:
        return checked(request)
    except ApiError as error:
        if error.code == "AuthenticationRequired":
            error.code = "TokenMissing"
        raise


def api() -> Starlette:
    """The API, with the defect."""
    tokens.claims_of = claims_of
    return app.create()
