"""What: of a comma list the first entry counts, as with forwarded addresses.
Red: test_guard_refuses_an_unusable_event[GET /events/current-comma list]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-comma list]
Red: test_guard_refuses_an_unusable_event[GET /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[POST /decisions-comma list]
Red: test_guard_refuses_an_unusable_event[GET /audit-comma list]
"""

from __future__ import annotations

from uuid import UUID

from starlette.applications import Starlette

from stack.api import app, uuids

checked = uuids.canonical


def canonical(value: object) -> UUID | None:
    """The UUID in a text, the first where there are more."""
    return checked(value.partition(",")[0] if isinstance(value, str) else value)


def api() -> Starlette:
    """The API, with the defect."""
    uuids.canonical = canonical
    return app.create()
