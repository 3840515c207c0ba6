"""One round trip a question: the statement as it is, and the server's answer with its own diagnostics.

The simple protocol: several statements may stand in one message, nothing is prepared, and so a pooler in transaction
mode may stand between. Statements carry their values as literals, which makes each one ready for psql.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg
    from psycopg.pq.abc import PGconn, PGresult

    from runbook.database.connection import Cursor


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered: a number of rows, or an error with where in the server it arose.

    `value` is the first field of the first row. `function` is the server's own function, the same in every language.
    """

    rows: int = 0
    value: str | None = None
    sqlstate: str | None = None
    function: str = ""
    schema: str = ""
    table: str = ""
    constraint: str = ""
    column: str = ""
    datatype: str = ""
    context: str = ""

    @property
    def ok(self) -> bool:
        """Whether the statement ran to its end."""
        return self.sqlstate is None


HEARD: ContextVar[list[tuple[str, Reply]] | None] = ContextVar("heard", default=None)


@contextmanager
def overheard() -> Iterator[list[tuple[str, Reply]]]:
    """Whatever is asked meanwhile and what was answered, in order: for showing how a probe came about."""
    heard: list[tuple[str, Reply]] = []
    token = HEARD.set(heard)
    try:
        yield heard
    finally:
        HEARD.reset(token)


class Session:
    """Asks within the transaction of a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self._connection: psycopg.Connection[tuple[object, ...]] = cursor.connection
        self._pgconn: PGconn = cursor.connection.pgconn
        self.asked = 0

    def ask(self, sql: str) -> Reply:
        """The answer to the last statement of the message. Raises Unreachable when the connection is gone."""
        self.asked += 1
        reply = self._answered(sql)
        if (heard := HEARD.get()) is not None:
            heard.append((sql, reply))
        return reply

    def _answered(self, sql: str) -> Reply:
        from psycopg import pq

        result = self._pgconn.exec_(sql.encode())
        if result.status == pq.ExecStatus.COPY_OUT:
            return self._drained()
        if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            tuples = result.status == pq.ExecStatus.TUPLES_OK
            raw = result.get_value(0, 0) if tuples and result.ntuples and result.nfields else None
            affected = result.command_tuples
            return Reply(
                rows=affected if affected is not None else 0,
                value=None if raw is None else raw.decode("utf-8", "replace"),
            )
        return self._error(result)

    def rows(self, sql: str) -> list[list[str | None]]:
        """Every row of one query, as text. Raises ServerRefused when it fails."""
        from psycopg import pq

        self.asked += 1
        result = self._pgconn.exec_(sql.encode())
        if result.status != pq.ExecStatus.TUPLES_OK:
            raise ServerRefused(self._error(result))
        return [
            [
                None if (raw := result.get_value(row, field)) is None else raw.decode("utf-8", "replace")
                for field in range(result.nfields)
            ]
            for row in range(result.ntuples)
        ]

    def _drained(self) -> Reply:
        """Count what COPY sends, and keep none of it."""
        from psycopg import pq

        rows = 0
        while self._pgconn.get_copy_data(0)[0] > 0:
            rows += 1
        last = Reply(rows=rows)
        while (result := self._pgconn.get_result()) is not None:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                last = self._error(result)
        return last

    def _error(self, result: PGresult) -> Reply:
        from psycopg import pq

        def field(which: pq.DiagnosticField) -> str:
            raw = result.error_field(which)
            return raw.decode("utf-8", "replace") if raw is not None else ""

        sqlstate = field(pq.DiagnosticField.SQLSTATE)
        if not sqlstate or self._pgconn.status != pq.ConnStatus.OK:
            raise Unreachable("the connection to the database was lost in the middle of a transaction; run again")
        return Reply(
            sqlstate=sqlstate,
            function=field(pq.DiagnosticField.SOURCE_FUNCTION),
            schema=field(pq.DiagnosticField.SCHEMA_NAME),
            table=field(pq.DiagnosticField.TABLE_NAME),
            constraint=field(pq.DiagnosticField.CONSTRAINT_NAME),
            column=field(pq.DiagnosticField.COLUMN_NAME),
            datatype=field(pq.DiagnosticField.DATATYPE_NAME),
            context=field(pq.DiagnosticField.CONTEXT),
        )


class ServerRefused(Exception):
    """A statement of the operator's own role failed; the engine turns it into Unverified with what it was about."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.sqlstate)
        self.reply = reply


def quoted(name: str) -> str:
    """A name as SQL writes it, always in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | None) -> str:
    """A value as SQL writes it, whatever `standard_conforming_strings` says."""
    if value is None:
        return "null"
    text = value.replace("'", "''")
    return f" E'{text}'".replace("\\", "\\\\") if "\\" in text else f"'{text}'"


def settings_sql(values: Mapping[str, str]) -> str:
    """Settings for the rest of the (sub)transaction, in one statement."""
    return "select " + ", ".join(
        f"set_config({literal(name)}, {literal(value)}, true)" for name, value in values.items()
    )


def acting_as(role: str, claims: Mapping[str, object], headers: Mapping[str, str], more: Mapping[str, str]) -> str:
    """Be a caller as PostgREST would make it: role, claims and headers, all local."""
    return settings_sql(
        {
            "row_security": "on",
            "request.jwt.claims": json.dumps(claims),
            "request.headers": json.dumps(headers),
            "request.method": "POST",
            **more,
            "role": role,
        }
    )


def joined(statements: Iterable[str]) -> str:
    """Several statements as one message."""
    return "; ".join(statements)
