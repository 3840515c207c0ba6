"""What: the list of events is read as service_role, which no policy stops, and shows all of them.
Red: test_list_is_the_personas_own[organizer]
Red: test_list_is_the_personas_own[assessor]
Red: test_list_is_the_personas_own[participant]
Red: test_list_is_the_personas_own[outsider]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app, database, routes, tokens


async def list_events(request: Request) -> Response:
    """Every event there is."""
    claims = tokens.claims_of(request) | {"role": "service_role"}
    async with database.transaction(request, claims, None) as connection:
        found = await connection.execute(
            "select id, name, starts_on, ends_on, 'participant' as role from public.events"
        )
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    routes.list_events = list_events
    return app.create()
