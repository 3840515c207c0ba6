"""What: a token is verified with the key that it brings in its own header, as in CVE-2018-0114.
Red: test_invalid_authentication_is_refused[own key in the header]
"""

from __future__ import annotations

from contextlib import suppress

import jwt
from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.settings import Settings

verified = tokens.verify


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims, by the key in its header where it has one."""
    with suppress(jwt.PyJWTError):
        if offered := jwt.get_unverified_header(token).get("jwk"):
            key, issuer = jwt.PyJWK(offered).key, known.auth_url
            return jwt.decode(token, key, ["ES256"], tokens.OPTIONS, audience=tokens.AUDIENCE, issuer=issuer)
    return verified(token, known)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.verify = verify
    return app.create()
