"""What: the help page asks the API for something that it no longer has.
Red: test_console_shows_no_failed_request[/help]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = "const answer"
WRONG = "fetch(`${config.apiUrl}/news`); const answer"


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG) if name == "help.js" else careful(name)
    return app.create()
