"""What: a token that is none is answered 500: its header is read outside of the `try`.
Red: test_invalid_authentication_is_refused[garbage]
"""

from __future__ import annotations

import jwt
from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.errors import ApiError
from stack.api.settings import Settings

verified = tokens.verify


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims; DecodeError where there is nothing to decode."""
    if not token or jwt.get_unverified_header(token).get("alg") not in tokens.keys(known):
        raise ApiError("InvalidToken")
    return verified(token, known)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.verify = verify
    return app.create()
