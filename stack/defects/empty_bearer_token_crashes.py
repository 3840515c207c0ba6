"""What: `Authorization: Bearer` without a token is answered 500: the header is split into exactly two.
Red: test_invalid_authentication_is_refused[empty]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, tokens
from stack.api.errors import ApiError

checked = tokens.claims_of


def claims_of(request: Request) -> tokens.Claims:
    """The caller's verified claims; ValueError where the header has one word or three."""
    if header := request.headers.get("authorization"):
        scheme, _ = header.split()
        if scheme.lower() != "bearer":
            raise ApiError("AuthenticationRequired")
    return checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.claims_of = claims_of
    return app.create()
