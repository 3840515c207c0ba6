"""What: every origin with credentials is asked for, and the library then allows whichever origin asks.
Red: test_preflight_refuses_a_foreign_origin[*]
Red: test_answer_is_not_readable_from_a_foreign_origin[*]
Red: test_browser_blocks_the_same_page_from_a_foreign_origin
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origins": ["*"], "allow_credentials": True}
    return app.create()
