"""What: signatures are no longer verified, because a gateway in front is said to do it.
Red: test_invalid_authentication_is_refused[wrong signature]
Red: test_invalid_authentication_is_refused[own key in the header]
Red: test_invalid_authentication_is_refused[public key used as HMAC secret]
Red: test_guarded_route_refuses_invalid_authentication[GET /events/current-wrong signature]
Red: test_guarded_route_refuses_invalid_authentication[GET /enrollments-wrong signature]
Red: test_guarded_route_refuses_invalid_authentication[POST /enrollments-wrong signature]
Red: test_guarded_route_refuses_invalid_authentication[GET /decisions-wrong signature]
Red: test_guarded_route_refuses_invalid_authentication[POST /decisions-wrong signature]
Red: test_guarded_route_refuses_invalid_authentication[GET /audit-wrong signature]
"""

from __future__ import annotations

from jwt.types import Options
from starlette.applications import Starlette

from stack.api import app, tokens

CLAIMS_ONLY: Options = {
    "verify_signature": False,
    "verify_exp": True,
    "verify_nbf": True,
    "verify_aud": True,
    "verify_iss": True,
}


def api() -> Starlette:
    """The API, with the defect."""
    tokens.OPTIONS = {**tokens.OPTIONS, **CLAIMS_ONLY}
    return app.create()
