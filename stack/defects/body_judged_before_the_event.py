"""What: one route judges the body first: a caller without an event is told what is wrong with the body.
Red: test_guard_refuses_an_unusable_event[POST /enrollments-absent]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-empty]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-blank]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-malformed]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-cut short]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-unknown event]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-another's event]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-two headers, own first]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-two headers, own last]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-non-ASCII]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-injected SQL]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-nil UUID]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-event in the query instead]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from stack.api import app, body, routes, tokens

guarded = routes.enroll


async def enroll(request: Request) -> Response:
    """Enrol a participant, once the body is well formed."""
    tokens.claims_of(request)
    request.state.body = await request.body()
    body.uuid(body.fields(request, "participant_id"), "participant_id")
    return await guarded(request)


def api() -> Starlette:
    """The API, with the defect."""
    routes.enroll = enroll
    return app.create()
