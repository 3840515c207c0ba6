"""What: only the API was rolled back; the Admin still runs another commit.
Red: test_instance_runs_what_is_stable[admin commit]
Red: test_all_instances_say_the_same
"""

from __future__ import annotations

import os

from starlette.applications import Starlette

from stack.admin import app
from stack.defects.older_commit_deployed import before


def admin() -> Starlette:
    """The Admin, with the defect."""
    os.environ["STACK_COMMIT"] = before()
    return app.create()
