"""What: one route puts the header into the text of its query instead of beside it.
Red: test_guard_refuses_an_unusable_event[GET /decisions-injected SQL]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.api import app, database, guard, routes, tokens, uuids
from stack.api.errors import ApiError

MINE = "select from public.event_members where user_id = auth.uid() and event_id::text = '{}'"


async def list_decisions(request: Request) -> Response:
    """The event's decisions, to those whom the query finds among its members."""
    claims = tokens.claims_of(request)
    values = request.headers.getlist(guard.HEADER)
    if len(values) != 1 or not values[0].strip():
        guard.event_of(request)
    async with database.transaction(request, claims, uuids.canonical(values[0])) as connection:
        member = await connection.execute(MINE.format(values[0]))
        if not member.rowcount:
            raise ApiError("PermissionDeniedForEvent")
        found = await connection.execute(routes.DECISIONS)
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    served = app.create()
    served.router.routes.insert(0, Route("/decisions", list_decisions))
    return served
