"""What: the header is cut to the length of a UUID, and what stood behind it is never seen.
Red: test_guard_refuses_an_unusable_event[GET /events/current-over-long]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[GET /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[POST /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[GET /audit-over-long]
Red: test_guard_refuses_an_unusable_event[GET /events/current-comma list]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[GET /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[POST /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[GET /audit-comma list]
Red: test_guard_refuses_an_unusable_event[GET /events/current-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-injected SQL]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /decisions-injected SQL]
Red: test_guard_refuses_an_unusable_event[POST /decisions-injected SQL]
Red: test_guard_refuses_an_unusable_event[GET /audit-injected SQL]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, uuids

checked = uuids.canonical


def canonical(value: object) -> UUID | None:
    """The UUID at a text's beginning."""
    return checked(value[:36] if isinstance(value, str) else value)


def api() -> Starlette:
    """The API, with the defect."""
    uuids.canonical = canonical
    return app.create()
