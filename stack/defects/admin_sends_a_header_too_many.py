"""What: the Admin sends a header that the API's CORS configuration does not know.
Red: test_no_cors_error
Red: test_no_failed_request
Red: test_no_script_error
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app

RIGHT = '$("no-events").hidden'
WRONG = f'fetch(`${{config.apiUrl}}/version`, {{ headers: {{ "x-admin-version": "2" }} }}); {RIGHT}'


def admin() -> Starlette:
    """The Admin, with the defect."""
    careful = app.asset
    app.asset = lambda name: careful(name).replace(RIGHT, WRONG)
    return app.create()
