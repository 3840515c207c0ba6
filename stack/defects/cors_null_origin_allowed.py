"""What: the origin `null` is allowed, so that a page opened from a file can be tried out; a sandboxed frame has it too.
Red: test_preflight_refuses_a_foreign_origin[null]
Red: test_answer_is_not_readable_from_a_foreign_origin[null]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origins": [origin, "null"]}
    return app.create()
