"""What: one route, written later, decodes the token by itself and does not verify its signature.
Red: test_guarded_route_refuses_invalid_authentication[GET /enrollments-wrong signature]
"""

from __future__ import annotations

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.api import app, database, guard, routes, tokens


async def list_enrollments(request: Request) -> Response:
    """The event's enrollments, to whoever the token says."""
    if "authorization" not in request.headers:
        tokens.claims_of(request)
    token = request.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    event = guard.event_of(request)
    async with database.transaction(request, claims, event) as connection:
        await guard.role_in(connection, event)
        found = await connection.execute(routes.ENROLLMENTS)
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    served = app.create()
    served.router.routes.insert(0, Route("/enrollments", list_enrollments))
    return served
