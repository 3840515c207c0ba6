"""What: an expired token is accepted: the library's check of `exp` is switched off.
Red: test_invalid_authentication_is_refused[expired]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, tokens


def api() -> Starlette:
    """The API, with the defect."""
    tokens.OPTIONS = {**tokens.OPTIONS, "verify_exp": False}
    return app.create()
