"""What: the Admin was deployed without its style sheet.
Red: test_no_failed_request
Red: test_no_script_error
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.admin import app


def admin() -> Starlette:
    """The Admin, with the defect."""
    del app.PAGES["/style.css"]
    return app.create()
