"""What: a token is accepted before its time: the library's check of `nbf` is switched off.
Red: test_invalid_authentication_is_refused[not yet valid]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, tokens


def api() -> Starlette:
    """The API, with the defect."""
    tokens.OPTIONS = {**tokens.OPTIONS, "verify_nbf": False}
    return app.create()
