"""What: another program writes into the database's log, in a form of its own: its lines hide what they interrupt.
Red: test_database_log_can_be_read
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    with Path(os.environ["STACK_DATABASE_LOG"]).open("a", encoding="utf-8") as log:
        log.write("rotate: nothing to be done\n")
    return app.create()
