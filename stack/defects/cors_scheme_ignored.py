"""What: the Admin's host is allowed over http and over https alike.
Red: test_preflight_refuses_a_foreign_origin[the other scheme]
Red: test_answer_is_not_readable_from_a_foreign_origin[the other scheme]
"""

from __future__ import annotations

import re

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origin_regex": re.sub("^https?", "https?", origin)}
    return app.create()
