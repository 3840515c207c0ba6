"""What: a script of the help page uses an element that is no longer on it.
Red: test_console_shows_no_uncaught_error[/help]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = "const answer"
WRONG = 'document.getElementById("contact").hidden = false; const answer'


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG) if name == "help.js" else careful(name)
    return app.create()
