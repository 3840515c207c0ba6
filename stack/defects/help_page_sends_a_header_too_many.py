"""What: the help page sends a header that the API does not allow.
Red: test_console_shows_no_cors_error[/help]
Red: test_console_shows_no_failed_request[/help]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = "const answer"
WRONG = 'fetch(`${config.apiUrl}/version`, { headers: { "x-page": "help" } }).catch(() => null); const answer'


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG) if name == "help.js" else careful(name)
    return app.create()
