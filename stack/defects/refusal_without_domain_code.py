"""What: a 401 is answered in the web framework's own form, and names no domain error.
Red: test_invalid_authentication_is_refused[*]
Red: test_guarded_route_refuses_invalid_authentication[*]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, tokens
from stack.api.errors import ApiError

checked = tokens.claims_of


class Unauthorized(ApiError):
    """A refusal as the framework words it."""

    def body(self, request_id: str) -> dict[str, object]:
        """The framework's body."""
        return {"detail": self.message}


def claims_of(request: Request) -> tokens.Claims:
    """The caller's verified claims."""
    try:
        return checked(request)
    except ApiError as error:
        raise Unauthorized(error.code) from None


def api() -> Starlette:
    """The API, with the defect."""
    tokens.claims_of = claims_of
    return app.create()
