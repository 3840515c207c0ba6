"""What: a token that never expires is accepted: `exp` is checked where it is, and not required.
Red: test_invalid_authentication_is_refused[without expiry]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, tokens


def api() -> Starlette:
    """The API, with the defect."""
    tokens.OPTIONS = {**tokens.OPTIONS, "require": ["iat", "sub", "aud", "iss", "role"]}
    return app.create()
