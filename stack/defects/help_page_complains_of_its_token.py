"""What: a script of the help page writes into the console that its token is not valid.
Red: test_console_shows_no_authentication_error[/help]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = "const answer"
WRONG = 'console.error("JWT expired"); const answer'


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG) if name == "help.js" else careful(name)
    return app.create()
