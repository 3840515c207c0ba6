"""What: CORS does not allow x-event-id: the list of events loads, and no event can be opened.
Red: test_preflight_allows_what_admin_needs[*]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_headers": ["authorization", "apikey", "content-type"]}
    return app.create()
