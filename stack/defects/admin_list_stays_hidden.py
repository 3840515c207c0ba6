"""What: the Admin fills its list of events and never shows it.
Red: test_events_page_shows_the_events
Unverified: test_browser_blocks_the_same_page_from_a_foreign_origin
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = 'show("events-view");'
WRONG = ""


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG)
    return app.create()
