"""What: every port of the Admin's host is allowed, as on a developer's machine.
Red: test_preflight_refuses_a_foreign_origin[another port]
Red: test_answer_is_not_readable_from_a_foreign_origin[another port]
"""

from __future__ import annotations

import re

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origin_regex": re.sub(r":\d+$", r"(:\\d+)?", origin)}
    return app.create()
