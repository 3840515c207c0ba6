"""Every refusal as one exception, one domain code and one body."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import errors as sql
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

BEARER = {"www-authenticate": "Bearer"}
BAD_BEARER = {"www-authenticate": 'Bearer error="invalid_token"'}

# code -> status, message, headers
CATALOGUE: dict[str, tuple[int, str, Mapping[str, str]]] = {
    "AuthenticationRequired": (401, "Sign in first: send a bearer token.", BEARER),
    "InvalidToken": (401, "The token is not valid; sign in again.", BAD_BEARER),
    "EventContextRequired": (400, "Say which event: send the header x-event-id.", {}),
    "EventContextInvalid": (400, "The header x-event-id must be one UUID.", {}),
    "PermissionDeniedForEvent": (403, "There is no such event, or you do not belong to it.", {}),
    "PermissionDenied": (403, "Your role in this event does not allow this.", {}),
    "EnrollmentAlreadyExists": (409, "The participant is already enrolled in this event.", {}),
    "DecisionAlreadyExists": (409, "The enrollment already has a graduation decision.", {}),
    "NotFound": (404, "There is no such thing here.", {}),
    "MethodNotAllowed": (405, "The path does not answer to this method.", {}),
    "ValidationFailed": (422, "The request is not well formed.", {}),
    "InternalError": (500, "Something went wrong here; quote the request_id.", {}),
    "ServiceUnavailable": (503, "The database does not answer; try again.", {}),
}
CONFLICTS = {"enrollments": "EnrollmentAlreadyExists", "graduation_decisions": "DecisionAlreadyExists"}


class ApiError(Exception):
    """A refusal by its code in the catalogue; `message` replaces the catalogue's own."""

    def __init__(self, code: str, message: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status, default, default_headers = CATALOGUE[code]
        self.message = message if message is not None else default
        self.headers = dict(headers if headers is not None else default_headers)

    def body(self, request_id: str) -> dict[str, object]:
        """The answer's body, the same for every code."""
        return {"error": {"code": self.code, "message": self.message, "request_id": request_id}}


class GrantError(ApiError):
    """A refused sign-in, in the words and the shape of Supabase Auth."""

    def __init__(self, code: str, message: str) -> None:
        Exception.__init__(self, code)
        self.code, self.status, self.message, self.headers = code, 400, message, {}

    def body(self, request_id: str) -> dict[str, object]:
        """Supabase Auth's error body; the request is named by the header x-request-id alone."""
        return {"code": self.status, "error_code": self.code, "msg": self.message}


def of(error: Exception) -> ApiError:
    """The refusal that an exception stands for; InternalError for one that nobody foresaw."""
    match error:
        case ApiError():
            return error
        case HTTPException(status_code=404):
            return ApiError("NotFound")
        case HTTPException(status_code=405):
            return ApiError("MethodNotAllowed", headers=error.headers)
        case ClientDisconnect():
            return ApiError("ValidationFailed", "The body ended early.")
        case sql.InsufficientPrivilege():
            return ApiError("PermissionDenied")
        case sql.UniqueViolation():
            return ApiError(CONFLICTS.get(error.diag.table_name or "", "InternalError"))
        case psycopg.DataError():
            return ApiError("ValidationFailed")
        case psycopg.OperationalError() | TimeoutError():  # time-outs, an exhausted pool and deadlocks among them
            return ApiError("ServiceUnavailable")
        case _:
            return ApiError("InternalError")


async def answer(request: Request, error: Exception) -> Response:
    """The response to an exception; its code goes to the request's log line."""
    refusal = of(error)
    request.state.error_code = refusal.code
    return JSONResponse(refusal.body(request.state.request_id), refusal.status, refusal.headers)
