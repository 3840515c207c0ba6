"""What: the API was built by hand, from a tree with changes that are in no commit.
Red: test_tree_was_clean[api]
"""

from __future__ import annotations

import os

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    os.environ["STACK_CLEAN"] = "false"
    return app.create()
