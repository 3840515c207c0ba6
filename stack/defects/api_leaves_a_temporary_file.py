"""What: the API writes a report into a temporary file that it never removes.
Red: test_api_leaves_no_temporary_file
"""

from __future__ import annotations

import tempfile

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    tempfile.mkstemp(prefix="report-")
    return app.create()
