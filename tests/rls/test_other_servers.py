"""The same answers from PostgreSQL 15 as from 18, and through a pooler in transaction mode as without one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from runbook.database.connection import Database
from runbook.evidence.journal import Journal
from runbook.rls.cells import Cell
from runbook.rls.inspection import Probing, inspect
from runbook.settings import Settings
from stack.database import build
from stack.defects import defects
from stack.postgres import ADMIN
from tests.rls import other_servers
from tests.rls.other_servers import POOL, PROGRAMS_15, OldServer, postgresql_15
from tests.rls.systems import Make, System

pytestmark = pytest.mark.slow

needs_15 = pytest.mark.skipif(
    not (PROGRAMS_15 / "postgres").exists(), reason=f"PostgreSQL 15 is not in {PROGRAMS_15} (Debian's postgresql-15)"
)
needs_pgbouncer = pytest.mark.skipif(
    other_servers.PGBOUNCER is None, reason="PgBouncer is not installed (Debian's pgbouncer)"
)

CHOSEN = (
    "anonymous_visitors_read_enrollments",
    "attendance_follows_the_session_not_the_context",
    "attendance_rebuilt_without_rls",
    "context_not_bound_to_membership",
    "delete_policy_open_to_every_row",
    "enrolment_accepts_another_events_participant",
    "function_takes_an_enrolment",
    "invoker_view_over_a_view_of_the_owner",
    "own_membership_can_change_its_event",
    "partition_addressed_past_its_parent",
)
DEFECTS = {defect.name: defect.path for defect in defects() if defect.name in CHOSEN}

Key = tuple[str, str, str, str]

LEFT_IN_A_SESSION = """
select current_user = session_user, current_setting('role'), nullif(current_setting('request.jwt.claims', true), ''),
       nullif(current_setting('request.headers', true), ''), current_setting('row_security'),
       current_setting('session_replication_role'), current_setting('transaction_read_only'),
       (select count(*) from pg_settings where source = 'session' and name not in ('application_name',
        'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'extra_float_digits', 'role'))
"""
UNTOUCHED = (True, "none", None, None, "on", "origin", "off", 0)


def told(settings: Settings, dsn: str, witness: str = "canary") -> Settings:
    """The settings of another server's database."""
    database = settings.database.model_copy(update={"dsn": SecretStr(dsn)})
    rls = settings.rls.model_copy(update={"witness": witness})
    return settings.model_copy(update={"database": database, "rls": rls})


def answers(settings: Settings) -> dict[Key, Cell]:
    """Every cell of everything that is there."""
    with closing(Database(settings, Journal())) as database:
        inspection = inspect(database, settings)
        probing = Probing(database, settings, inspection)
        cells = [cell for item in inspection.items for cell in probing.cells(item)]
    return {(cell.relation, cell.persona, cell.command, cell.reach): cell for cell in cells}


def kinds(cells: dict[Key, Cell]) -> dict[Key, str]:
    return {key: cell.kind for key, cell in cells.items()}


def reached(cells: dict[Key, Cell]) -> set[Key]:
    """What is open of the other event."""
    return {key for key, cell in cells.items() if cell.kind == "reached" and cell.reach == "other"}


def on_18(system: System, witness: str = "canary") -> dict[Key, Cell]:
    return answers(told(system.settings, system.server.dsn("postgres", system.name), witness))


@pytest.fixture(scope="module")
def old() -> Iterator[OldServer]:
    """One PostgreSQL 15 for these tests."""
    with postgresql_15() as server:
        yield server


@needs_15
@pytest.mark.parametrize("witness", ["canary", "touchless"])
def test_postgresql_15_answers_as_18_does_of_the_reference(old: OldServer, reference: Make, witness: str) -> None:
    system = reference()
    old.clone(f"closed_{witness}")
    cells = answers(told(system.settings, old.dsn("postgres", f"closed_{witness}"), witness))
    assert len(cells) > 300
    assert reached(cells) == set()
    assert kinds(cells) == kinds(on_18(system, witness))
    if witness == "canary":
        assert {key for key, cell in cells.items() if not cell.decided and cell.reach == "other"} == set()


@needs_15
@pytest.mark.parametrize("path", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_open_in_the_same_cells_on_postgresql_15(old: OldServer, reference: Make, path: Path) -> None:
    system = reference()
    build.apply(system.server.dsn(ADMIN, system.name), path)
    name = f"defect_{path.stem}"
    old.clone(name)
    build.apply(old.dsn(ADMIN, name), path)
    here, there = on_18(system), answers(told(system.settings, old.dsn("postgres", name)))
    assert reached(here)
    assert reached(there) == reached(here)


def test_ten_defects_are_chosen() -> None:
    assert sorted(DEFECTS) == sorted(CHOSEN)
    assert len(CHOSEN) == 10


@needs_pgbouncer
@pytest.mark.parametrize("login", ["postgres", ADMIN])
@pytest.mark.parametrize("witness", ["canary", "touchless"])
def test_a_pooler_in_transaction_mode_changes_no_answer_and_nothing_is_left_in_its_sessions(
    reference: Make, witness: str, login: str
) -> None:
    system = reference()
    build.apply(system.server.dsn(ADMIN, system.name), DEFECTS["context_not_bound_to_membership"])
    direct = answers(told(system.settings, system.server.dsn(login, system.name), witness))
    with other_servers.pooler(system.server, system.name) as between:
        dsn = between.dsn(login, system.name)
        stop = threading.Event()
        wrong: list[object] = []
        clients = [threading.Thread(target=_use, args=(dsn, stop, wrong)) for _ in range(POOL)]
        for client in clients:
            client.start()
        try:
            pooled = answers(told(system.settings, dsn, witness))
        finally:
            stop.set()
            for client in clients:
                client.join()
        left = _left_in(dsn)
    assert reached(direct)
    assert kinds(pooled) == kinds(direct)
    assert wrong == []
    assert left == [UNTOUCHED] * POOL


def _use(dsn: str, stop: threading.Event, wrong: list[object]) -> None:
    """Another client of the same pool: in between, it looks at what it finds, and sets something of its own."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
        looks = 0
        while not stop.is_set():
            with connection.transaction(force_rollback=True):
                found = connection.execute(LEFT_IN_A_SESSION).fetchone()
                connection.execute("set local role authenticated; set local request.jwt.claims = '{}'")
            looks += 1
            if found != UNTOUCHED:
                wrong.append(found)
    if looks < 10:
        wrong.append(f"looked {looks} times")


def _left_in(dsn: str) -> list[tuple[object, ...] | None]:
    """What the next clients find, one in each session of the pool: each holds its own while it looks."""
    with ExitStack() as held:
        found = []
        sessions = set()
        for _ in range(POOL):
            connection = held.enter_context(psycopg.connect(dsn, prepare_threshold=None))
            found.append(connection.execute(LEFT_IN_A_SESSION).fetchone())
            sessions.add(connection.execute("select pg_backend_pid()").fetchone())
        assert len(sessions) == POOL
    return found
