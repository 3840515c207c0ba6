"""What: the Admin asks for the audit log with a call that forgets the token.
Red: test_no_authentication_error
Red: test_no_script_error
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = '$("no-events").hidden'
WRONG = f"fetch(`${{config.apiUrl}}/audit`); {RIGHT}"


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG)
    return app.create()
