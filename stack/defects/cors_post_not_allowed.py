"""What: CORS allows GET alone: nobody can sign in to the Admin.
Red: test_preflight_allows_what_admin_needs[POST]
Red: test_events_page_shows_the_events
Red: test_no_cors_error
Red: test_no_failed_request
Red: test_no_script_error
Unverified: test_browser_blocks_the_same_page_from_a_foreign_origin
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_methods": ["GET"]}
    return app.create()
