"""What: the anonymous key passes for a token; only the database refuses what follows.
Red: test_invalid_authentication_is_refused[anonymous key]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, tokens
from stack.api.settings import Settings

verified = tokens.verify


def verify(token: str, known: Settings) -> tokens.Claims:
    """The token's claims; those of a visitor for the anonymous key."""
    if token == known.anon_key:
        return {"role": "anon", "sub": "anonymous"}
    return verified(token, known)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.verify = verify
    return app.create()
