"""What: a request without the header `Authorization` is answered 500: nobody thought of one.
Red: test_api_answers
Red: test_invalid_authentication_is_refused[none]
Red: test_guarded_route_refuses_invalid_authentication[GET /events/current-none]
Red: test_guarded_route_refuses_invalid_authentication[GET /enrollments-none]
Red: test_guarded_route_refuses_invalid_authentication[POST /enrollments-none]
Red: test_guarded_route_refuses_invalid_authentication[GET /decisions-none]
Red: test_guarded_route_refuses_invalid_authentication[POST /decisions-none]
Red: test_guarded_route_refuses_invalid_authentication[GET /audit-none]
Red: test_refusal_is_readable_from_the_admin
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, tokens
from stack.api.errors import ApiError

checked = tokens.claims_of


def claims_of(request: Request) -> tokens.Claims:
    """The caller's verified claims; KeyError without the header."""
    if not request.headers["authorization"].lower().startswith("bearer"):
        raise ApiError("AuthenticationRequired")
    return checked(request)


def api() -> Starlette:
    """The API, with the defect."""
    tokens.claims_of = claims_of
    return app.create()
