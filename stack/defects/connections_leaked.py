"""What: the API opens connections that it never closes; few are left for anybody else.
Red: test_connections_are_not_running_out
"""

from __future__ import annotations

import os

import psycopg
from starlette.applications import Starlette

from stack.api import app

LEAKED: list[psycopg.Connection] = []


def api() -> Starlette:
    """The API, with the defect."""
    LEAKED.extend(psycopg.connect(os.environ["STACK_AUTHENTICATOR_DSN"]) for _ in range(85))
    return app.create()
