"""What: one route was added without the guard: row-level security hides rows, and nothing is refused.
Red: test_guard_refuses_an_unusable_event[GET /audit-absent]
Red: test_guard_refuses_an_unusable_event[GET /audit-empty]
Red: test_guard_refuses_an_unusable_event[GET /audit-blank]
Red: test_guard_refuses_an_unusable_event[GET /audit-malformed]
Red: test_guard_refuses_an_unusable_event[GET /audit-cut short]
Red: test_guard_refuses_an_unusable_event[GET /audit-unknown event]
Red: test_guard_refuses_an_unusable_event[GET /audit-another's event]
Red: test_guard_refuses_an_unusable_event[GET /audit-two headers, own first]
Red: test_guard_refuses_an_unusable_event[GET /audit-two headers, own last]
Red: test_guard_refuses_an_unusable_event[GET /audit-comma list]
Red: test_guard_refuses_an_unusable_event[GET /audit-over-long]
Red: test_guard_refuses_an_unusable_event[GET /audit-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /audit-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /audit-nil UUID]
Red: test_guard_refuses_an_unusable_event[GET /audit-event in the query instead]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.api import app, database, guard, routes, tokens, uuids


async def list_audit(request: Request) -> Response:
    """The audit entries that row-level security lets through."""
    claims = tokens.claims_of(request)
    event = uuids.canonical(request.headers.get(guard.HEADER))
    async with database.transaction(request, claims, event) as connection:
        found = await connection.execute(routes.AUDIT)
        return routes.answer({"data": await found.fetchall()})


def api() -> Starlette:
    """The API, with the defect."""
    served = app.create()
    served.router.routes.insert(0, Route("/audit", list_audit))
    return served
