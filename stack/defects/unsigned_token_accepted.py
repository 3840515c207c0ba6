"""What: an unsigned token is accepted: `alg` none was let through for the tests of the front end.
Red: test_invalid_authentication_is_refused[unsigned: alg none]
"""

from __future__ import annotations

from contextlib import suppress

import jwt
from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.settings import Settings

verified = tokens.verify


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims, of an unsigned token too."""
    with suppress(jwt.PyJWTError):
        if jwt.get_unverified_header(token)["alg"] == "none":
            return jwt.decode(token, options={"verify_signature": False})
    return verified(token, known)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.verify = verify
    return app.create()
