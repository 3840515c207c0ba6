"""What: a header of a UUID's characters is taken for one: cut short or over-long it is answered 500.
Red: test_guard_refuses_an_unusable_event[GET /events/current-cut short]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-cut short]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-cut short]
Red: test_guard_refuses_an_unusable_event[GET /decisions-cut short]
Red: test_guard_refuses_an_unusable_event[POST /decisions-cut short]
Red: test_guard_refuses_an_unusable_event[GET /audit-cut short]
Red: test_guard_refuses_an_unusable_event[GET /events/current-over-long]
Red: test_guard_refuses_an_unusable_event[GET /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[POST /enrollments-over-long]
Red: test_guard_refuses_an_unusable_event[GET /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[POST /decisions-over-long]
Red: test_guard_refuses_an_unusable_event[GET /audit-over-long]
"""

from __future__ import annotations

import re

from starlette.applications import Starlette

from stack.api import app, uuids


def api() -> Starlette:
    """The API, with the defect."""
    uuids._CANONICAL = re.compile("[0-9a-fA-F-]+")
    return app.create()
