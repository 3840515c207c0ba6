"""What: the Admin's content-security-policy lets it connect to itself alone.
Red: test_events_page_shows_the_events
Red: test_no_failed_request
Red: test_no_script_error
Unverified: test_browser_blocks_the_same_page_from_a_foreign_origin
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.headers
    app.headers = lambda api_url: careful("'self'")
    return app.create()
