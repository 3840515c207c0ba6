"""What: the help page asks for the events, and is not signed in.
Red: test_console_shows_no_authentication_error[/help]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = "const answer"
WRONG = "fetch(`${config.apiUrl}/events`); const answer"


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG) if name == "help.js" else careful(name)
    return app.create()
