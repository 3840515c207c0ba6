"""What: the API begins a long statement and does not cancel it: its session stays when the API is gone.
Red: test_api_leaves_no_database_session
"""

from __future__ import annotations

import os

import psycopg
from starlette.applications import Starlette

from stack.api import app

LONG: list[psycopg.Connection] = []


def api() -> Starlette:
    """The API, with the defect."""
    connection = psycopg.connect(os.environ["STACK_AUTHENTICATOR_DSN"])
    connection.pgconn.send_query(b"select pg_sleep(30)")
    LONG.append(connection)
    return app.create()
