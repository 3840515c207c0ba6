"""Nothing that a probe did is there afterwards: without a mark where nothing may be written, and whatever kills it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from runbook.database.connection import Database
from runbook.evidence.journal import Journal
from runbook.rls.inspection import Probing, inspect
from runbook.rls.session import Session
from stack.postgres import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbook.rls.cells import Cell
    from runbook.rls.session import Reply
    from runbook.settings import Settings
    from tests.rls.systems import Make, System

KILLS = 200
LEFT_BEHIND = """
select (select count(*) from pg_stat_activity where application_name = 'runbook'),
       (select count(*) from pg_prepared_xacts)
"""

OPEN_TRANSACTIONS = "select from pg_stat_activity where application_name = 'runbook' and xact_start is not null"
GUARDED = """
create table app.notes (id uuid primary key, event_id uuid not null references app.events, body text not null);
create table app.letters (id uuid primary key, event_id uuid not null references app.events, body text not null);
"""


def rows(dsn: str) -> list[tuple[object, ...]]:
    """Every row of every table, with its place and version."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute(
            "select format('%I.%I', n.nspname, c.relname) from pg_class as c join pg_namespace as n"
            " on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ('public', 'auth') order by 1"
        ).fetchall()
        digests = [
            connection.execute(
                f"select '{name}', md5(string_agg(t::text || t.ctid || t.xmin || t.xmax, ' ' order by t.ctid))"
                f" from {name} as t".encode()
            ).fetchone()
            for (name,) in tables
        ]
        return [row for row in digests if row is not None]


def sequences(dsn: str) -> list[tuple[object, ...]]:
    """Where each sequence stands."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute("select schemaname, sequencename, last_value from pg_sequences order by 1, 2")
        return list(found.fetchall())


def probed(system: System, settings: Settings) -> list[Cell]:
    inspection = inspect(system.database, settings)
    probing = Probing(system.database, settings, inspection)
    return [cell for item in inspection.items for cell in probing.cells(item)]


def with_witness(settings: Settings, witness: str) -> Settings:
    return settings.model_copy(update={"rls": settings.rls.model_copy(update={"witness": witness})})


class Watched:
    """What each statement of a session held and wrote, looked at in its own transaction right after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.modes: set[tuple[str, str]] = set()
        self.transaction_ids: set[str] = set()
        self.most_subtransactions = 0
        ask = Session.ask

        def watched(session: Session, sql: str) -> Reply:
            reply = ask(session, sql)
            if reply.ok:
                found = ask(session, "select pg_current_xact_id_if_assigned()::text")
                self.transaction_ids |= {found.value} if found.value is not None else set()
                for mode, name in session.rows(
                    "select mode, relation::regclass from pg_locks where pid = pg_backend_pid() and relation >= 16384"
                ):
                    self.modes.add((str(mode), str(name)))
                ask(session, "select pg_stat_clear_snapshot()")
                [[count]] = session.rows(
                    "select subxact_count from pg_stat_get_backend_subxact((select backendid from"
                    " (select pg_stat_get_backend_idset() as backendid) as ids"
                    " where pg_stat_get_backend_pid(backendid) = pg_backend_pid()))"
                )
                self.most_subtransactions = max(self.most_subtransactions, int(str(count)))
            return reply

        monkeypatch.setattr(Session, "ask", watched)


def test_touchless_probes_write_no_transaction_id_no_row_and_no_wal(reference: Make) -> None:
    system = reference()
    settings = with_witness(system.settings, "touchless")
    with psycopg.connect(system.server.dsn(ADMIN, system.name), autocommit=True) as watcher:
        watcher.execute("vacuum (freeze)")  # so that no hint bit is left to be set
    dsn = system.server.dsn(ADMIN, system.name)
    before = (rows(dsn), sequences(dsn))
    with system.database.transaction() as cursor:
        pid = cursor.connection.info.backend_pid
    with psycopg.connect(system.server.dsn(ADMIN, system.name), autocommit=True) as watcher:
        wal = "select wal_records from pg_stat_get_backend_wal(%s)"
        ids = "select pg_snapshot_xmax(pg_current_snapshot())::text"
        [records], [next_id] = watcher.execute(wal, [pid]).fetchone() or [0], watcher.execute(ids).fetchone() or [""]
        cells = probed(system, settings)
        after, later = watcher.execute(wal, [pid]).fetchone() or [0], watcher.execute(ids).fetchone() or [""]
    assert len(cells) > 300
    assert (after[0], later[0]) == (records, next_id)
    assert (rows(dsn), sequences(dsn)) == before


def test_touchless_probes_hold_no_lock_that_keeps_anybody_out(reference: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    system = reference()
    watched = Watched(monkeypatch)
    probed(system, with_witness(system.settings, "touchless"))
    assert watched.transaction_ids == set()
    assert {mode for mode, _ in watched.modes} <= {"AccessShareLock", "RowExclusiveLock"}
    assert ("AccessShareLock", "enrollments") in watched.modes


def test_canary_probes_stay_below_64_subtransactions_and_strong_locks(
    reference: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = reference()
    watched = Watched(monkeypatch)
    probed(system, with_witness(system.settings, "canary"))
    assert watched.transaction_ids != set()
    assert 0 < watched.most_subtransactions < 64
    assert {mode for mode, _ in watched.modes} <= {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}


def test_canary_probes_leave_every_row_as_it_was_and_draw_from_no_sequence_of_a_table_they_fill(
    reference: Make,
) -> None:
    # A decision that is tried has the system's own trigger write an audit entry, and that draws a number.
    drawn_by_a_trigger = "audit_log_id_seq"
    system = reference()
    at_first = sequences(system.server.dsn(ADMIN, system.name))
    before = rows(system.server.dsn(ADMIN, system.name))
    cells = probed(system, with_witness(system.settings, "canary"))
    assert any(cell.kind == "reached" and cell.reach == "own" for cell in cells)
    moved = set(sequences(system.server.dsn(ADMIN, system.name))) ^ set(at_first)
    assert {name for _, name, _ in moved} <= {drawn_by_a_trigger}
    assert rows(system.server.dsn(ADMIN, system.name)) == before


def test_between_two_items_the_server_is_left_to_others(synthetic: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    system = synthetic(GUARDED)
    settings = system.settings.model_copy(update={"rls": system.settings.rls.model_copy(update={"nice_ratio": 3.0})})
    inspection = inspect(system.database, settings)
    pauses: list[float] = []
    open_in_a_pause: list[int] = []

    def paused(seconds: float) -> None:
        pauses.append(seconds)
        with psycopg.connect(system.server.dsn(ADMIN, system.name), autocommit=True) as watcher:
            open_in_a_pause.append(watcher.execute(OPEN_TRANSACTIONS).rowcount)

    monkeypatch.setattr("runbook.rls.inspection.sleep", paused)
    probing = Probing(system.database, settings, inspection)
    started = time.monotonic()
    for item in [*inspection.items, *inspection.items]:
        probing.cells(item)
    worked = time.monotonic() - started
    assert len(pauses) == len(inspection.items) > 2, "an item that was probed already costs nothing"
    assert pauses[0] == 0 < min(pauses[1:])
    assert sum(pauses) < 3 * worked
    assert set(open_in_a_pause) == {0}


@pytest.mark.parametrize(("writes", "asked", "expected"), [(True, None, 0), (False, None, 9), (False, 0.0, 0)])
def test_where_nothing_may_be_written_pauses_are_the_rule(
    synthetic: Make, monkeypatch: pytest.MonkeyPatch, writes: bool, asked: float | None, expected: float
) -> None:
    system = synthetic(GUARDED)
    rls = system.settings.rls.model_copy(update={"nice_ratio": asked})
    settings = system.settings.model_copy(update={"rls": rls, "writes": writes})
    pauses: list[float] = []
    monkeypatch.setattr("runbook.rls.inspection.sleep", pauses.append)
    probing = Probing(system.database, settings, inspect(system.database, settings))
    first, second = inspect(system.database, settings).items[:2]
    started = time.monotonic()
    probing.cells(first)
    worked = time.monotonic() - started
    probing.cells(second)
    assert expected == 0 == pauses[1] or 0.5 * expected * worked < pauses[1] <= expected * worked


def _probe_for_ever(settings: Settings) -> None:
    while True:
        database = Database(settings, Journal())
        inspection = inspect(database, settings)
        probing = Probing(database, settings, inspection)
        for item in inspection.items:
            probing.cells(item)
        database.close()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_nothing_is_left_when_the_process_is_killed_at_any_moment(reference: Make) -> None:
    system = reference()
    settings = with_witness(system.settings, "canary")
    before = rows(system.server.dsn(ADMIN, system.name))
    forked = multiprocessing.get_context("fork")
    moments = random.Random(20260131)
    seen = 0
    with psycopg.connect(system.server.dsn(ADMIN, system.name), autocommit=True) as watcher:
        for _ in range(KILLS):
            child = forked.Process(target=_probe_for_ever, args=(settings,))
            child.start()
            time.sleep(moments.uniform(0.05, 0.4))
            seen += watcher.execute("select 1 from pg_stat_activity where backend_xid is not null").rowcount
            os.kill(int(child.pid or 0), signal.SIGKILL)
            child.join()
        for count, prepared in _until_quiet(watcher):
            assert (count, prepared) == (0, 0)
    assert seen > KILLS // 4, "most were killed before they had written anything"
    assert rows(system.server.dsn(ADMIN, system.name)) == before


def _until_quiet(watcher: psycopg.Connection) -> Iterator[tuple[int, int]]:
    deadline = time.monotonic() + 10
    while True:
        row = watcher.execute(LEFT_BEHIND).fetchone()
        assert row is not None
        if row[0] == 0 or time.monotonic() > deadline:
            yield row
            return
        time.sleep(0.05)
