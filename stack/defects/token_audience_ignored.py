"""What: a token for another audience is accepted: the library's error was silenced with `verify_aud`.
Red: test_invalid_authentication_is_refused[wrong audience]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, tokens


def api() -> Starlette:
    """The API, with the defect."""
    tokens.OPTIONS = {**tokens.OPTIONS, "verify_aud": False}
    return app.create()
