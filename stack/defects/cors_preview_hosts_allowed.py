"""What: hosts of previews are allowed by a pattern whose wildcard stands where anybody's domain fits.
Red: test_preflight_refuses_a_foreign_origin[look-alike that begins with it]
Red: test_answer_is_not_readable_from_a_foreign_origin[look-alike that begins with it]
"""

from __future__ import annotations

import re

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origin_regex": re.sub(r"(:\d+)$", r".*\1", origin)}
    return app.create()
