"""What: behind the guard one route reads as service_role, and shows the rows of every event.
Red: test_member_of_two_events_gets_the_one_named[GET /decisions]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.api import app, guard, routes


async def list_decisions(request: Request) -> Response:
    """Everybody's decisions, to the members of an event."""
    async with guard.admitted(request) as context:
        await context.connection.execute("set local role service_role")
        found = await context.connection.execute(routes.DECISIONS)
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    served = app.create()
    served.router.routes.insert(0, Route("/decisions", list_decisions))
    return served
