"""What: the current event is the caller's first one, whichever the header names.
Red: test_member_of_two_events_gets_the_one_named[GET /events/current]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app, routes

FIRST = """
select id, name, starts_on, ends_on from public.events where %s::uuid is not null order by starts_on limit 1
"""


def api() -> Starlette:
    """The API, with the defect."""
    routes.EVENT = FIRST
    return app.create()
