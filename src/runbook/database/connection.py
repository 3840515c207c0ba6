"""One connection to the target, and only transactions that leave nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from runbook.errors import Unreachable, Unverified
from runbook.evidence.journal import Journal

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import SQL, Composed

    from runbook.settings import Settings

    Row = tuple[object, ...]
    Query = SQL | Composed
    Cursor = psycopg.Cursor[Row]

APPLICATION_NAME = "runbook"


class Caller(NamedTuple):
    """Who the API would be acting for: the role, the token's claims and the event header's value."""

    role: str
    claims: Mapping[str, object]
    event: str | None = None


class Database:
    """Connects when it is first asked; every transaction is rolled back, with statement and lock time-outs."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._settings = settings
        self._journal = journal
        self._connection: psycopg.Connection | None = None
        self._failure: Unreachable | None = None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()

    def read(self, sql: str | Query, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
        """The rows of one query in a read-only transaction. Raises Unverified when it fails."""
        with self.transaction(read_only=True) as cursor:
            return cursor.execute(_query(sql), parameters).fetchall()

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Cursor]:
        """A transaction that is always rolled back. SET LOCAL only: a pooler in transaction mode may stand between.

        With row_security off, a login that RLS would hide rows from gets an error instead of half of the truth.
        """
        import psycopg

        limits = self._settings.timeouts
        try:
            connection = self._connected()
            with connection.transaction(force_rollback=True), connection.cursor() as cursor:
                cursor.execute(
                    "select set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),"
                    " set_config('application_name', %s, true), set_config('row_security', 'off', true)"
                    + (", set_config('transaction_read_only', 'on', true)" if read_only else ""),
                    (f"{limits.statement * 1000:.0f}", f"{limits.lock * 1000:.0f}", APPLICATION_NAME),
                )
                yield cursor
        except psycopg.Error as error:
            # The server's text can quote rows ("Failing row contains ..."), so only its class and code are shown.
            raise Unverified(f"the database answered {type(error).__name__} (SQLSTATE {error.sqlstate})") from None

    def _connected(self) -> psycopg.Connection:
        import psycopg

        if self._failure is not None:
            raise self._failure
        if self._connection is None or self._connection.closed:
            try:
                self._connection = psycopg.connect(
                    self._settings.database.dsn.get_secret_value(),
                    connect_timeout=max(2, round(self._settings.timeouts.connect)),
                    autocommit=True,
                    prepare_threshold=None,
                )
            except psycopg.ProgrammingError:
                # Its text quotes what it cannot read, and that is a secret.
                self._failure = Unreachable("database.dsn is not a valid connection string")
                raise self._failure from None
            except psycopg.Error as error:
                reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
                self._failure = Unreachable(f"no connection to the database (database.dsn): {reason[0]}")
                raise self._failure from None
            self._journal.note("database", connected=True, server=self._connection.info.server_version)
        return self._connection


def act_as(cursor: Cursor, caller: Caller, event_header: str) -> None:
    """Be the caller for the rest of the transaction, as PostgREST does it: role, claims and headers, all local."""
    headers = {event_header: caller.event} if caller.event else {}
    cursor.execute(
        "select set_config('row_security', 'on', true), set_config('role', %s, true),"
        " set_config('request.jwt.claims', %s, true),"
        " set_config('request.headers', %s, true), set_config('request.method', 'POST', true)",
        (caller.role, json.dumps(caller.claims), json.dumps(headers)),
    )


def act_as_operator(cursor: Cursor) -> None:
    """Be the connection's own role again."""
    cursor.execute("select set_config('role', 'none', true), set_config('row_security', 'off', true)")


def _query(sql: str | Query) -> Query:
    from psycopg.sql import SQL

    return SQL(sql) if isinstance(sql, str) else sql
