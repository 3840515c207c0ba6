"""What: a report that takes long leaves its transaction open: nothing that was deleted since can be cleaned up.
Red: test_no_transaction_is_too_old
"""

from __future__ import annotations

import os

import psycopg
from starlette.applications import Starlette

from stack.api import app

LEFT_OPEN: list[psycopg.Connection] = []


def api() -> Starlette:
    """The API, with the defect."""
    report = psycopg.connect(os.environ["STACK_AUTHENTICATOR_DSN"])
    report.execute("select pg_sleep(3)")
    LEFT_OPEN.append(report)
    return app.create()
