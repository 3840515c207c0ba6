"""What: the deploy of the stable commit did not go through: API and Admin still run the one before it.
Red: test_instance_runs_what_is_stable[* commit]
"""

from __future__ import annotations

import os
import subprocess

from starlette.applications import Starlette

from stack.admin import app as admin_app
from stack.api import app


def before() -> str:
    """The commit before the stable one."""
    command = ["git", "-C", os.environ["STACK_REPOSITORY"], "rev-parse", f"{os.environ['STACK_COMMIT']}~1"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def api() -> Starlette:
    """The API, with the defect."""
    os.environ["STACK_COMMIT"] = before()
    return app.create()


def admin() -> Starlette:
    """The Admin, with the defect."""
    os.environ["STACK_COMMIT"] = before()
    return admin_app.create()
