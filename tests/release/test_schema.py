"""The schema that migrations make in a real, empty PostgreSQL, and what a target's differs in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from runbook.database.connection import Database
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.release import half_applied, scratch
from runbook.release.description import KINDS
from runbook.release.migrations import migrations
from runbook.release.schema import Compared, compare
from runbook.release.scratch import Scratch, server
from runbook.release.supabase import PROJECT, SUPERUSER
from tests.release.repositories import commit, opened, settings, source
from tests.release.test_processes import gone, until

FILES = {
    "migrations/1_people.sql": """
create extension if not exists "uuid-ossp" with schema extensions;
create type public.standing as enum ('asked', 'in');
create table public.people (
    id uuid primary key default extensions.uuid_generate_v4(), name text not null check (name <> ''),
    standing public.standing not null default 'asked', owner uuid references auth.users (id)
);
alter table public.people enable row level security;
create policy own on public.people for all to authenticated using (owner = (select auth.uid()));
create schema helpers;
create function helpers.touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touch before update on public.people for each row execute function helpers.touch();
create view public.names with (security_invoker = true) as select name from public.people;
""",
    "migrations/2_index.sql": "create index concurrently people_name on public.people (name);\n",
}
DRIFT = {
    "columns": "alter table public.people alter column name set default '-'",
    "constraints": "alter table public.people drop constraint people_name_check",
    "functions": "alter function helpers.touch() security definer",
    "grants": "grant truncate on public.names to public",
    "indexes": "create index by_hand on public.people (owner)",
    "policies": "alter policy own on public.people using (true)",
    "relations": "alter table public.people disable row level security",
    "triggers": "alter table public.people disable trigger touch",
    "types": "alter type public.standing add value 'out'",
}


@pytest.fixture(scope="module")
def live() -> Iterator[Scratch]:
    """A server whose database `postgres` is an empty Supabase project; each test uses a copy."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(scratch.SETTINGS, "max_prepared_transactions", "2")
        with server() as running:
            with running.connected(SUPERUSER, 30) as connection:
                connection.execute(PROJECT.encode())
            yield running


Connect = Callable[[str], psycopg.Connection]


@pytest.fixture
def target(live: Scratch) -> Iterator[str]:
    """The DSN of a new database."""
    with psycopg.connect(live.dsn(SUPERUSER).replace("/postgres?", "/template1?"), autocommit=True) as connection:
        connection.execute("drop database if exists target with (force)")
        connection.execute("create database target template postgres owner postgres")
        yield live.dsn("postgres").replace("/postgres?", "/target?")
        connection.execute("drop database target with (force)")


def as_superuser(dsn: str) -> str:
    return dsn.replace("//postgres@", f"//{SUPERUSER}@")


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def compared(folder: Path, dsn: str, files: dict[str, str], **more: object) -> Compared:
    """The schema that these files make beside the one that is there."""
    head = commit(folder / "team", files)
    told = source(folder / "team", **{"format": "supabase", **more})
    known = settings(folder, dsn, told)
    database = Database(known, Journal())
    try:
        repository = opened(folder / "team")
        return compare(database, known, repository, head, migrations(repository, head, told))
    finally:
        database.close()


def migrated(dsn: str) -> None:
    """As the team's own tool applied the files: the extension is left out, which this machine does not have either."""
    execute(
        dsn,
        FILES["migrations/1_people.sql"].replace(
            'create extension if not exists "uuid-ossp" with schema extensions;', ""
        ),
    )
    execute(dsn, FILES["migrations/2_index.sql"])
    execute(
        dsn, "create schema supabase_migrations", "create table supabase_migrations.schema_migrations (version text)"
    )


def test_what_the_migrations_made_is_the_same_and_every_kind_of_difference_is_told(target: str, tmp_path: Path) -> None:
    migrated(target)
    same = compared(tmp_path, target, FILES)
    assert [line for kind in KINDS for line in same.difference(kind)] == []
    assert (same.page("mine", "abc"), same.wanted.digest) == ("", same.found.digest)
    assert (same.without, same.alike) == (("uuid-ossp",), True)
    assert all(same.wanted.lines[kind] for kind in KINDS)
    for statement in DRIFT.values():
        execute(as_superuser(target), statement)
    drifted = compared(tmp_path, target, FILES)
    assert DRIFT.keys() == set(KINDS)
    for kind in KINDS:
        assert drifted.difference(kind) != [], kind
    assert drifted.difference("types") == [
        "- types: public.standing: enum 'asked', 'in', owner postgres",
        "+ types: public.standing: enum 'asked', 'in', 'out', owner postgres",
    ]
    assert "--- migrations of abc, PostgreSQL 18\n+++ mine, PostgreSQL 18\n" in drifted.page("mine", "abc")
    assert drifted.wanted.digest == same.wanted.digest != drifted.found.digest


def test_a_column_that_was_dropped_and_added_again_is_no_difference(target: str, tmp_path: Path) -> None:
    """Nothing of the server's own bookkeeping shows: numbers of columns, oids, names of toast tables."""
    migrated(target)
    execute(target, "drop view public.names", "alter table public.people add column x int")
    execute(target, "alter table public.people drop column x")
    execute(target, "create view public.names with (security_invoker = true) as select name from public.people")
    same = compared(tmp_path, target, FILES)
    assert [line for kind in KINDS for line in same.difference(kind)] == []


def test_of_a_server_of_another_major_version_all_that_is_worded_alike_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(scratch, "PROGRAMS", Path("pginstall", "bin"))  # the wheel brings 16 too
        with server() as older:
            patched.undo()
            execute(older.dsn(SUPERUSER), PROJECT)
            migrated(older.dsn("postgres"))
            same = compared(tmp_path, older.dsn("postgres"), FILES)
            assert (same.wanted.major, same.found.major, same.alike) == (18, 16, False)
            assert [line for kind in KINDS for line in same.difference(kind)] == []
            for statement in DRIFT.values():
                execute(older.dsn(SUPERUSER), statement)
            drifted = compared(tmp_path, older.dsn("postgres"), FILES)
            assert [kind for kind in KINDS if not drifted.difference(kind)] == []
            assert "+++ mine, PostgreSQL 16: views and rules are not compared\n" in drifted.page("mine", "abc")


def test_what_migrations_need_is_prepared_by_files_of_the_repository(target: str, tmp_path: Path) -> None:
    files = {
        "migrations/1.sql": "create table t (a app.word);",
        "prepare.sql": "create schema app; create domain app.word as text",
    }
    execute(
        as_superuser(target),
        files["prepare.sql"],
        "create role deployer superuser",
        "set role deployer; create table t (a app.word)",
    )
    try:
        same = compared(tmp_path, target, files, format="sql", prepare=["prepare.sql"], applied_by="deployer")
        assert [
            line
            for kind in KINDS
            for line in same.difference(kind)
            if "owner deployer" not in line and " to " not in line
        ] == []
        assert same.wanted.lines["relations"] == ("relations: public.t: table, owner deployer, RLS off",)
        with pytest.raises(
            Unverified, match=r'1\.sql cannot be applied to an empty database: schema "app" does not exist'
        ):
            compared(tmp_path, target, files, format="sql")
    finally:
        execute(as_superuser(target), "drop table t", "drop role deployer")


def test_what_one_migration_sets_does_not_reach_the_next(target: str, tmp_path: Path) -> None:
    files = {"migrations/1.sql": "select set_config('search_path', '', false)", "migrations/2.sql": "create table t ()"}
    made = compared(tmp_path, target, files, format="sql").wanted.lines["relations"]
    assert made == ("relations: public.t: table, owner postgres, RLS off",)


def test_only_the_part_that_makes_is_applied(target: str, tmp_path: Path) -> None:
    files = {"migrations/1.sql": "-- migrate:up\ncreate table public.t ();\n-- migrate:down\ndrop table public.t;\n"}
    made = compared(tmp_path, target, files, format="sql").wanted.lines["relations"]
    assert made == ("relations: public.t: table, owner postgres, RLS off",)


ENV = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute(open("schema.sql").read())
"""


def test_a_tool_of_its_own_applies_its_migrations_in_a_checkout(target: str, tmp_path: Path) -> None:
    files = {
        "migrations/a.py": "revision = 'a'\ndown_revision = None\n",
        "apply.py": ENV,
        "schema.sql": "create table public.t ()",
    }
    made = compared(tmp_path, target, files, format="alembic", apply=["{python}", "apply.py"])
    assert made.wanted.lines["relations"] == ("relations: public.t: table, owner postgres, RLS off",)
    with pytest.raises(Unverified, match=r"names no command"):
        compared(tmp_path, target, {}, format="alembic")
    with pytest.raises(Unverified, match=r"apply ended with 3 on an empty database: said why"):
        compared(tmp_path, target, {}, format="alembic", apply=["sh", "-c", "echo said why; exit 3"])


def test_migrations_that_make_nothing_prove_nothing(target: str, tmp_path: Path) -> None:
    with pytest.raises(Unverified, match="make nothing in public"):
        compared(tmp_path, target, {"migrations/1.sql": "select 1"}, format="sql")


@pytest.mark.parametrize("patched", ["USERS", "PACKAGE"])
def test_without_a_server_it_is_unverified(patched: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if patched == "USERS" and os.geteuid() != 0:
        pytest.skip("only root needs another user")
    monkeypatch.setattr(scratch, patched, () if patched == "USERS" else "no_such_wheel")
    with pytest.raises(Unverified, match=r"has none of|PostgreSQL is missing"), server():
        pass


KILLED = """
import time
from runbook.release.scratch import server
with server() as running:
    print((running._home / "data" / "postmaster.pid").read_text().splitlines()[0], running._home, flush=True)
    time.sleep(300)
"""


def test_the_server_ends_when_this_process_is_killed() -> None:
    owner = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid, home = owner.stdout.readline().split()
    assert not gone(int(pid))
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    until(lambda: gone(int(pid)) and not Path(home).exists())


HALVES = {
    "invalid index": (
        [
            "create index broken on public.t (n)",
            "update pg_index set indisvalid = false where indexrelid = 'public.broken'::regclass",
        ],
        "public.broken",
    ),
    "constraint not validated": (
        ["alter table public.t add constraint later check (n > 0) not valid"],
        "public.t: later",
    ),
    "partition half detached": (
        [
            "create table public.p (n int) partition by list (n)",
            "create table public.p1 partition of public.p for values in (1)",
            "update pg_inherits set inhdetachpending = true where inhrelid = 'public.p1'::regclass",
        ],
        "public.p1",
    ),
    "prepared transaction": (
        ["begin; insert into public.t values (1); prepare transaction 'half'"],
        "half of supabase_admin since ",
    ),
    "leftover public.tmp_%": (
        ["create table public.tmp_people ()", "create table public.tmpx ()"],
        "public.tmp_people",
    ),
}


@pytest.mark.parametrize("kind", HALVES)
def test_what_is_half_applied_is_named(target: str, tmp_path: Path, kind: str) -> None:
    statements, name = HALVES[kind]
    known = settings(tmp_path, as_superuser(target), source(tmp_path), leftovers=("public.tmp_%",))
    assert kind in half_applied.kinds(known.release)
    execute(target, "create table public.t (n int)")
    database = Database(known, Journal())
    assert half_applied.found(database, kind) == []
    execute(as_superuser(target), *statements)
    found = half_applied.found(database, kind)
    database.close()
    if kind == "prepared transaction":
        execute(as_superuser(target), "rollback prepared 'half'")
        assert [text.startswith(name) for text in found] == [True]
    else:
        assert found == [name]


def test_every_kind_has_been_seen() -> None:
    assert half_applied.QUERIES.keys() <= HALVES.keys()
