"""What: a token of another issuer is accepted: `iss` is no longer compared since the custom domain.
Red: test_invalid_authentication_is_refused[wrong issuer]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, tokens


def api() -> Starlette:
    """The API, with the defect."""
    tokens.OPTIONS = {**tokens.OPTIONS, "verify_iss": False}
    return app.create()
