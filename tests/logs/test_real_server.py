"""A real PostgreSQL writes all three formats at once: each tells of the same, and of nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from runbook.logs.database_log import DatabaseReport, read_log
from runbook.logs.window import Window
from stack import postgres
from stack.postgres import ADMIN, Server, running
from tests.logs.given import database_log

PREFIX = postgres.SETTINGS["log_line_prefix"]
COLLECTED = {"logging_collector": "on", "log_destination": "stderr,csvlog,jsonlog", "log_filename": "postgresql"}
FORMATS = {"stderr": "postgresql", "csvlog": "postgresql.csv", "jsonlog": "postgresql.json"}
WINDOW = Window(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC), "an hour")
ERRORS = {
    "constraint": [
        "insert into events select * from events limit 1",
        "update event_members set event_id = gen_random_uuid()",
    ],
    "permission": ["set role anon; select * from audit_log"],
    "rls": [
        "set role authenticated; insert into participants (event_id, full_name, email)"
        " select gen_random_uuid(), 'Sekar', 'sekar@peserta.example'"
    ],
    "aborted": ["set statement_timeout = '10ms'; select pg_sleep(5)"],
}


@dataclass(frozen=True)
class Logged:
    """A server, and where it logs."""

    server: Server
    folder: Path

    def report(self, kind: str, follow: tuple[str, ...] = ()) -> DatabaseReport:
        """What the log says in one of its formats."""
        log = database_log(format=kind, path=str(self.folder / FORMATS[kind]), line_prefix=PREFIX)
        return read_log(log, replace(WINDOW, until=datetime.now(UTC)), 5, follow)

    def until_it_tells_of(self, name: str) -> dict[str, DatabaseReport]:
        """The reports in all formats, once each has the class: the collector writes by itself."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = {kind: self.report(kind) for kind in FORMATS}
            if all(name in report.found for report in found.values()):
                return found
            time.sleep(0.02)
        raise AssertionError(f"no {name} in the log in time: {found}")


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    patch = pytest.MonkeyPatch()
    patch.setattr(postgres, "SETTINGS", postgres.SETTINGS | COLLECTED)
    folder = tmp_path_factory.mktemp("states")
    folder.chmod(0o700)
    try:
        with running(folder / "one") as server, psycopg.connect(server.dsn(ADMIN)) as connection:
            [[data]] = connection.execute("select current_setting('data_directory')")
            connection.close()
            yield Logged(server, Path(str(data)) / "log")
    finally:
        patch.undo()


def err(logged: Logged, statement: str) -> None:
    with psycopg.connect(logged.server.dsn("postgres"), autocommit=True) as connection, pytest.raises(psycopg.Error):
        connection.execute(statement.encode())


def test_errors_are_found_in_every_format_with_their_names_and_without_their_rows(logged: Logged) -> None:
    for statements in ERRORS.values():
        for statement in statements:
            err(logged, statement)
    err(logged, "select 1 / 0")
    reports = logged.until_it_tells_of("aborted")
    counts = {kind: {name: report.count(name) for name in report.found} for kind, report in reports.items()}
    assert counts == {kind: {name: len(statements) for name, statements in ERRORS.items()} for kind in FORMATS}
    for report in reports.values():
        assert report.read.malformed == 0
        named = {(name, finding.role, finding.object) for name, all_ in report.found.items() for finding in all_}
        assert named == {
            ("constraint", "postgres", "events_pkey"),
            ("constraint", "postgres", "event_members_event_id_fkey"),
            ("permission", "postgres", "audit_log"),
            ("rls", "postgres", "participants"),
            ("aborted", "postgres", None),
        }
        assert "sekar" not in repr(report).lower()


def test_a_deadlock_and_a_serialization_failure_are_found(logged: Logged) -> None:
    dsn = logged.server.dsn("postgres")
    with psycopg.connect(dsn) as one, psycopg.connect(dsn) as other:
        for connection, table in ((one, "events"), (other, "participants")):
            connection.execute(f"lock table {table} in access exclusive mode".encode())
        with ThreadPoolExecutor() as pool:
            waits = [
                pool.submit(connection.execute, f"lock table {table} in access exclusive mode".encode())
                for connection, table in ((one, "participants"), (other, "events"))
            ]
            assert sum(isinstance(wait.exception(), psycopg.errors.DeadlockDetected) for wait in waits) == 1
    with psycopg.connect(dsn) as one, psycopg.connect(dsn, autocommit=True) as other:
        one.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        one.execute("select count(*) from events")
        other.execute("update events set name = name")
        with pytest.raises(psycopg.errors.SerializationFailure):
            one.execute("update events set name = name")
    for report in logged.until_it_tells_of("serialization").values():
        assert (report.count("deadlock"), report.count("serialization")) == (1, 1)


def test_sessions_are_followed_by_the_name_that_they_gave(logged: Logged) -> None:
    named = psycopg.connect(logged.server.dsn("postgres"), application_name="request-1")
    with named as connection, pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("select 1 / 0")
    end = time.monotonic() + 10
    while not all(logged.report(kind, ("request-1",)).followed for kind in FORMATS):
        assert time.monotonic() < end
        time.sleep(0.02)
    for kind in FORMATS:
        assert logged.report(kind, ("request-1",)).followed == {"request-1": ["ERROR 22012"]}


def test_a_crash_and_the_recovery_from_it_are_found(logged: Logged) -> None:
    """Last of this file: the server goes down with all its sessions, and comes back by itself. It says four things:
    terminated, reinitializing, interrupted, not properly shut down."""
    with psycopg.connect(logged.server.dsn("postgres")) as victim:
        os.kill(victim.info.backend_pid, signal.SIGKILL)
    for report in logged.until_it_tells_of("crash").values():
        assert report.count("panic") == 0
        assert report.read.malformed == 0
    end = time.monotonic() + 20
    while (
        min(logged.report(kind).count("crash") for kind in FORMATS) < 4
    ):  # terminated, reinitializing, interrupted, recovering
        assert time.monotonic() < end
        time.sleep(0.02)
