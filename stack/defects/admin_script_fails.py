"""What: a script of the Admin uses an element that is no longer on the page.
Red: test_no_script_error
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = '$("back").addEventListener'
WRONG = f'$("help").removeAttribute("hidden"); {RIGHT}'


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG)
    return app.create()
