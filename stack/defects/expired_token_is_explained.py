"""What: the refusal of an expired token carries its claims, so that Admin can say who it was for.
Red: test_invalid_authentication_is_refused[expired]
"""

from __future__ import annotations

import time
from contextlib import suppress

import jwt
from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.errors import ApiError
from stack.api.settings import Settings

verified = tokens.verify


class Explained(ApiError):
    """A refusal that repeats the token's claims, verified or not."""

    claims: tokens.Claims

    def body(self, request_id: str) -> dict[str, object]:
        """The refusal and the claims."""
        return super().body(request_id) | {"claims": self.claims}


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims."""
    with suppress(jwt.PyJWTError):
        claims = jwt.decode(token, options={"verify_signature": False})
        if 0 < claims.get("exp", 0) < time.time():
            refusal = Explained("InvalidToken")
            refusal.claims = claims
            raise refusal
    return verified(token, known)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.verify = verify
    return app.create()
