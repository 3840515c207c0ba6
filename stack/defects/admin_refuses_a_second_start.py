"""What: Admin does not start beside the file that its last start left.
Red: test_admin_starts_again_in_time
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette

from stack.admin import app


def admin() -> Starlette:
    """The Admin, with the defect."""
    stale = Path(os.environ["STACK_STATE"]) / "admin.pid"
    if stale.exists():
        stale.unlink()
        raise SystemExit("fatal: admin.pid is there already")
    stale.touch()
    return app.create()
