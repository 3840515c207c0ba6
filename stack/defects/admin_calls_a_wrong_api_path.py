"""What: the Admin is built with an address of the API that has a path too many.
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
    careful = app.config
    app.config = lambda api_url, anon_key: careful(f"{api_url}/v1", anon_key)
    return app.create()
