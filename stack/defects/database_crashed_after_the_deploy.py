"""What: a process of the database was killed just after the deploy; the server recovered by itself, and nobody noticed.
Red: test_database_log_shows_no[crash]
"""

from __future__ import annotations

import os
import signal
import time

import psycopg
from starlette.applications import Starlette

from stack.api import app
from stack.processes import POLL
from stack.state import DEADLINE


def is_up() -> bool:
    """Whether the database takes connections."""
    try:
        psycopg.connect(os.environ["STACK_DATABASE_DSN"]).close()
    except psycopg.OperationalError:
        return False
    return True


def api() -> Starlette:
    """The API, with the defect."""
    with psycopg.connect(os.environ["STACK_DATABASE_DSN"], autocommit=True) as victim:
        # One commit that waits for the disk: what came before it, the people above all, is not lost with the crash.
        victim.execute("set synchronous_commit = on; create temporary table stored ()")
        os.kill(victim.info.backend_pid, signal.SIGKILL)
        end = time.monotonic() + DEADLINE
        while victim.pgconn.status != psycopg.pq.ConnStatus.BAD and time.monotonic() < end:
            try:
                victim.execute("select 1")
            except psycopg.OperationalError:
                break
    while not is_up() and time.monotonic() < end:
        time.sleep(POLL)
    return app.create()
