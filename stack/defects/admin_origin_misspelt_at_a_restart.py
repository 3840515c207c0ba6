"""What: the API that is started again has another origin in its configuration than Admin has.
Red: test_api_allows_the_admins_origin
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origins": ["https://admin.example"]}
    return app.create()
