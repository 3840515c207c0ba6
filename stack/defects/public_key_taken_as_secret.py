"""What: every key is tried, and a library as before CVE-2022-29217 takes the public one as a secret.
Red: test_invalid_authentication_is_refused[public key used as HMAC secret]
"""

from __future__ import annotations

from dataclasses import replace

import jwt
from jwt.algorithms import HMACAlgorithm
from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.errors import ApiError
from stack.api.settings import Settings

verified = tokens.verify


class AnySecret(HMACAlgorithm):
    """HMAC that takes whatever it is given as its secret."""

    def prepare_key(self, key: str | bytes) -> bytes:
        """The key as it is."""
        return key.encode() if isinstance(key, str) else key


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims, if any of the keys verifies it."""
    try:
        return verified(token, known)
    except ApiError:
        return verified(token, replace(known, jwt_secret=known.public_key))


def api() -> Starlette:
    """The API, with the defect."""
    jwt.unregister_algorithm("HS256")
    jwt.register_algorithm("HS256", AnySecret(HMACAlgorithm.SHA256))
    tokens.verify = verify
    return app.create()
