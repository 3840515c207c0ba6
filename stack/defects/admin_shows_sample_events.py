"""What: the Admin shows sample events when it cannot reach the API.
Red: test_browser_blocks_the_same_page_from_a_foreign_origin
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = 'throw new Refused("Unreachable");'
SAMPLE = '{ id: "1", name: "Contoh", role: "organizer", starts_on: 0, ends_on: 0 }'
WRONG = f'$("events").append(eventItem({SAMPLE})); show("events-view"); {RIGHT}'


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG)
    return app.create()
