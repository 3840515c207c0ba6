"""What: the Admin's origin is configured as localhost, and people open it by its address.
Red: test_preflight_allows_what_admin_needs[*]
Red: test_answer_is_readable_from_the_admin
Red: test_refusal_is_readable_from_the_admin
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
    app.cors = lambda origin: {**careful(origin), "allow_origins": [origin.replace("127.0.0.1", "localhost")]}
    return app.create()
