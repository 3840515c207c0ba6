"""What: unsigned tokens are told by `alg` in any case, and refused only where it is written `none`.
Red: test_invalid_authentication_is_refused[unsigned: alg None]
Red: test_invalid_authentication_is_refused[unsigned: alg nOnE]
"""

from __future__ import annotations

from contextlib import suppress

import jwt
from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.errors import ApiError
from stack.api.settings import Settings

verified = tokens.verify


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims; the list of what is refused knows one spelling, the choice of how to verify knows all."""
    with suppress(jwt.PyJWTError):
        algorithm = jwt.get_unverified_header(token)["alg"]
        if algorithm == "none":
            raise ApiError("InvalidToken")
        if algorithm.lower() == "none":
            return jwt.decode(token, options={"verify_signature": False})
    return verified(token, known)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.verify = verify
    return app.create()
