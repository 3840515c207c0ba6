"""The statements that `pytest checks/rls` sends, as a bare script: one connection, one statement a round trip, errors
passed over. Reads a file of JSON strings, a statement a line; prints how many it sent."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import psycopg


def main(path: str) -> None:
    """Send everything once."""
    sent = 0
    with (
        psycopg.connect(os.environ["STACK_DATABASE_DSN"], autocommit=True, prepare_threshold=None) as connection,
        Path(path).open(encoding="utf-8") as statements,
    ):
        cursor = connection.cursor()
        for line in statements:
            sent += 1
            sql = json.loads(line)
            if sql.rpartition(";")[2].strip().startswith("copy "):
                with suppress(psycopg.Error):
                    before, _, copy = sql.rpartition(";")
                    cursor.execute(before.encode())
                    with cursor.copy(copy.encode()) as rows:
                        for _ in rows:
                            pass
                continue
            with suppress(psycopg.Error):
                cursor.execute(sql.encode())
    print(json.dumps({"statements": sent}))


if __name__ == "__main__":
    main(sys.argv[1])
