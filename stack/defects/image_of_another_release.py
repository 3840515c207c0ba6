"""What: the commit is right and the image is not: the API runs the one that was built for the release before.
Red: test_instance_runs_what_is_stable[api image]
Red: test_all_instances_say_the_same
"""

from __future__ import annotations

import os

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    os.environ["STACK_RELEASE"] = "2026.01.12"
    return app.create()
