"""What: the API does not start beside the file that its last start left.
Red: test_api_starts_again_in_time
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    stale = Path(os.environ["STACK_STATE"]) / "api.pid"
    if stale.exists():
        stale.unlink()
        raise SystemExit("fatal: api.pid is there already")
    stale.touch()
    return app.create()
