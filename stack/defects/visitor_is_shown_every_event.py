"""What: without a token the basic endpoint shows all events, for a calendar on the public site.
Red: test_invalid_authentication_is_refused[none]
Red: test_refusal_is_readable_from_the_admin
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app, database, routes

listed = routes.list_events


async def list_events(request: Request) -> Response:
    """The caller's events, or a visitor's calendar."""
    if "authorization" in request.headers:
        return await listed(request)
    async with database.transaction(request, {"role": "service_role"}, None) as connection:
        found = await connection.execute("select id, name, starts_on, ends_on from public.events")
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    routes.list_events = list_events
    return app.create()
