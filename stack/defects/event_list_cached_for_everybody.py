"""What: the list of events is cached by its path: all are shown what an organizer, who asked first, was.
Red: test_list_is_the_personas_own[both]
Red: test_list_is_the_personas_own[outsider]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app, routes, tokens

listed = routes.list_events
cache: dict[str, bytes] = {}


async def list_events(request: Request) -> Response:
    """The list that was answered first."""
    tokens.claims_of(request)
    path = request.url.path
    if path not in cache:
        cache[path] = bytes((await listed(request)).body)
    return Response(cache[path], media_type="application/json")


def api() -> Starlette:
    """The API, with the defect."""
    routes.list_events = list_events
    return app.create()
