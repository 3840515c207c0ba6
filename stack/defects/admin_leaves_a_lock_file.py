"""What: Admin leaves its lock file behind when it stops.
Red: test_admin_leaves_nothing_behind
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from starlette.applications import Starlette

from stack.admin import app


def admin() -> Starlette:
    """The Admin, with the defect."""
    (Path(tempfile.gettempdir()) / "admin.lock").touch()
    return app.create()
