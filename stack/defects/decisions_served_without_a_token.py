"""What: one route answers without a token, for a nightly report, with the rights of service_role.
Red: test_guarded_route_refuses_invalid_authentication[GET /decisions-none]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.api import app, database, guard, routes

listed = routes.rows(routes.DECISIONS)


async def list_decisions(request: Request) -> Response:
    """The event's decisions, to a caller without a token too."""
    if "authorization" in request.headers:
        return await listed(request)
    event = guard.event_of(request)
    async with database.transaction(request, {"role": "service_role"}, event) as connection:
        found = await connection.execute(routes.DECISIONS)
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    served = app.create()
    served.router.routes.insert(0, Route("/decisions", list_decisions))
    return served
