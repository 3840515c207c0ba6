"""What: CORS allows every header.
Red: test_preflight_refuses_a_header_that_admin_does_not_need
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_headers": ["*"]}
    return app.create()
