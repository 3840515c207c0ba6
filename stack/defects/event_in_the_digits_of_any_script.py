"""What: Python's UUID() judges the header, which takes the digits of every script for ours.
Red: test_guard_refuses_an_unusable_event[GET /events/current-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-non-ASCII]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /decisions-non-ASCII]
Red: test_guard_refuses_an_unusable_event[POST /decisions-non-ASCII]
Red: test_guard_refuses_an_unusable_event[GET /audit-non-ASCII]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, uuids


def canonical(value: object) -> UUID | None:
    """The UUID in a text, as Python reads it."""
    try:
        return UUID(str(value).encode("latin-1").decode("utf-8"))
    except ValueError:
        return None


def api() -> Starlette:
    """The API, with the defect."""
    uuids.canonical = canonical
    return app.create()
