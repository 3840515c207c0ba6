"""What: a person without any event is answered 500: the list's first row is taken where there is none.
Red: test_basic_endpoint_answers[outsider]
Red: test_list_is_the_personas_own[outsider]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app, database, routes, tokens


async def list_events(request: Request) -> Response:
    """The caller's events, and which of them is the next; IndexError where there is none."""
    claims = tokens.claims_of(request)
    async with database.transaction(request, claims, None) as connection:
        found = await connection.execute(routes.EVENTS)
        events = await found.fetchall()
    return routes.answer({"data": events, "next": events[0]["id"]})


def api() -> Starlette:
    """The API, with the defect."""
    routes.list_events = list_events
    return app.create()
