"""pgTAP in Debian's PostgreSQL 15, with the tests that a user would write."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks.holes import DEADLINE, DEFECTS, EVENT_A, EVENT_B, PEOPLE, POLICIES, TABLES, answers
from benchmarks.rls_schema import build as build_schema
from stack.database import build
from stack.postgres import LOGINS

# What the migrations need and PostgreSQL 15 does not have. In pg_catalog, because they search nowhere else.
INPUT_IS_VALID = """
set allow_system_table_mods = on;
create function pg_catalog.pg_input_is_valid(input text, type text) returns boolean language plpgsql stable as $$
begin
    execute format('select %L::%s', input, type);
    return input is not null;
exception when others then
    return false;
end
$$
"""

# pgTAP cannot be called as the persona, whom its own tables are closed to: so the count is taken, then compared.
SEEN = """create function pg_temp.seen(role text, person text, event text, relation text) returns bigint
language plpgsql as $$
declare found bigint;
begin
    perform set_config('request.jwt.claims', jsonb_build_object('role', role, 'sub', person)::text, true);
    perform set_config('request.headers', jsonb_build_object('x-event-id', event)::text, true);
    perform set_config('role', role, true);
    execute format('select count(*) from public.%I', relation) into found;
    perform set_config('role', 'none', true);
    return found;
exception when insufficient_privilege then
    return -1;
end
$$;"""
# How many rows of event A: to its organizer, then to its participant.
COUNTS = {
    "events": (1, 1),
    "event_members": (4, 4),
    "participants": (4, 4),
    "enrollments": (4, 4),
    "sessions": (2, 2),
    "attendance": (8, 8),
    "graduation_decisions": (2, 0),
    "audit_log": (2, 0),
    "event_roster": (4, 4),
}
RLS_IS_ON = """select is(count(*), 0::bigint, 'RLS is on') from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity;"""


def reported(holes: Sequence[str]) -> dict[str, dict[str, bool]]:
    """What tests of the catalogue and of rows report, by hole; empty where it is not installed."""
    programs = Path("/usr/lib/postgresql/15/bin")
    psql = shutil.which("psql")
    extension = Path("/usr/share/postgresql/15/extension/pgtap.control")
    if not ((programs / "postgres").exists() and extension.exists() and psql is not None):
        print("skipped: pgTAP wants Debian's postgresql-15, postgresql-15-pgtap and psql")
        return {}
    suites = {"pgTAP catalogue": _catalogue_tests(), "pgTAP rows": _row_tests()}
    print(f"pgTAP, lines of tests for the reference system: {', '.join(f'{k} {len(v)}' for k, v in suites.items())}")
    with _cluster(programs) as socket:
        admin = _dsn(socket, "supabase_admin")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(INPUT_IS_VALID)
        build.bootstrap(admin, dict.fromkeys(LOGINS, "none"))
        build.migrate(_dsn(socket, "postgres"))
        build.seed(_dsn(socket, "postgres"), "")
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(
                "create schema tap; create extension pgtap schema tap; grant usage on schema tap to public"
            )
        clean = {name: _tapped(psql, _cloned(socket), lines) for name, lines in suites.items()}
        for name, failed in clean.items():
            if failed:
                print(f"  {name} fails in the system as it is: {sorted(failed)}")
        found = {}
        for hole in holes:
            dsn = _cloned(socket, DEFECTS / f"{hole}.sql")
            found[hole] = {name: _tapped(psql, dsn, lines) for name, lines in suites.items()}
        dsn = _cloned(socket)
        build_schema(dsn.replace("supabase_admin", "postgres"), TABLES)
        lines = _tests_of_many(dsn)
        began = time.perf_counter()
        failed = _tapped(psql, dsn, lines)
        took = time.perf_counter() - began
        print(f"  {TABLES} tables: {took:.1f} s for {len(lines)} lines of tests, {len(failed)} failed")
    return {name: answers(name, clean, found) for name in suites}


@contextmanager
def _cluster(programs: Path) -> Iterator[str]:
    """A PostgreSQL 15 on a socket that only its own user and root can reach."""
    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory(prefix="tap-") as folder:
        shutil.chown(folder, user)
        data = Path(folder) / "data"
        run_as = partial(subprocess.Popen, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        initdb = [programs / "initdb", "-D", data, "-U", "supabase_admin", "--auth=trust", "--no-sync"]
        if run_as([*initdb, "--encoding=UTF8", "--locale=C.UTF-8"]).wait(DEADLINE):
            raise RuntimeError("initdb of PostgreSQL 15 failed")
        server = run_as([programs / "postgres", "-D", data, "-c", "listen_addresses=", "-k", folder, "-c", "fsync=off"])
        try:
            _wait(data / "postmaster.pid")
            yield folder
        finally:
            server.send_signal(signal.SIGINT)  # "fast" shutdown
            server.wait(DEADLINE)


def _wait(lock: Path) -> None:
    deadline = time.monotonic() + 30
    while not (lock.exists() and lock.read_text(encoding="utf-8").rstrip().endswith("ready")):
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL 15 is not ready")
        time.sleep(0.05)


def _dsn(socket: str, role: str, database: str = "postgres") -> str:
    return f"postgresql://{role}@/{database}?host={quote(socket, safe='')}"


def _cloned(socket: str, defect: Path | None = None) -> str:
    with psycopg.connect(_dsn(socket, "supabase_admin", "template1"), autocommit=True) as connection:
        connection.execute("drop database if exists planted with (force)")
        connection.execute("create database planted template postgres owner postgres")
    dsn = _dsn(socket, "supabase_admin", "planted")
    if defect is not None:
        build.apply(dsn, defect)
    return dsn


def _tapped(psql: str, dsn: str, lines: Sequence[str]) -> set[str]:
    """The tests that fail, and the errors."""
    script = [
        "begin;",
        "set search_path = public, tap;",
        "select no_plan();",
        *lines,
        "select * from finish();",
        "rollback;",
    ]
    done = subprocess.run(
        [psql, "-XqAt", dsn], input="\n".join(script), capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    return {line for line in (*done.stdout.splitlines(), *errors) if line.startswith("not ok") or line in errors}


def _catalogue_tests() -> list[str]:
    """RLS is on; the policies and the privileges of each table are those that are meant."""
    lines = RLS_IS_ON.splitlines()
    for table, (policies, privileges) in POLICIES.items():
        lines += _of_table(table, policies, privileges, ("SELECT",) if table == "provinces" else ())
    return lines


def _of_table(table: str, policies: Sequence[str], signed_in: Sequence[str], anonymous: Sequence[str]) -> list[str]:
    return [
        f"select policies_are('public', {_literal(table)}, {_array(policies)});",
        f"select table_privs_are('public', {_literal(table)}, 'authenticated', {_array(signed_in)});",
        f"select table_privs_are('public', {_literal(table)}, 'anon', {_array(anonymous)});",
    ]


def _row_tests() -> list[str]:
    """What each persona sees: in its own event, in the other, as an outsider, and without signing in."""
    lines = SEEN.splitlines()
    for relation, (organizer, participant) in COUNTS.items():
        lines += [
            _sees("authenticated", "organizer", EVENT_A, relation, organizer),
            _sees("authenticated", "participant", EVENT_A, relation, participant),
            # Of events and memberships one sees one's own, whatever the event.
            _sees("authenticated", "organizer", EVENT_B, relation, int(relation in ("events", "event_members"))),
            _sees("authenticated", "outsider", EVENT_A, relation, 0),
            _sees("anon", "", EVENT_A, relation, -1),
        ]
    return lines


def _sees(role: str, person: str, event: str, relation: str, rows: int) -> str:
    seen = f"pg_temp.seen('{role}', '{PEOPLE.get(person, '')}', '{event}', {_literal(relation)})"
    return f"select is({seen}, {rows}::bigint, {_literal(f'{person or role} of {relation}')});"


def _tests_of_many(dsn: str) -> list[str]:
    """Tests of the same kind for the generated tables; for want of a user the catalogue says what is right."""
    lines = [*RLS_IS_ON.splitlines(), *SEEN.splitlines()]
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "select relname, array(select polname::text from pg_policy where polrelid = c.oid),"
            " array(select privilege_type from aclexplode(relacl) where grantee = 'authenticated'::regrole),"
            " array(select privilege_type from aclexplode(relacl) where grantee = 'anon'::regrole)"
            " from pg_class as c where relkind = 'r' and relnamespace = 'public'::regnamespace"
            " and exists (select from pg_policy where polrelid = c.oid and polname = 'organizers remove')"
        ).fetchall()
    for name, policies, signed_in, anonymous in tables:
        lines += [
            *_of_table(name, policies, signed_in, anonymous),
            _sees("authenticated", "outsider", EVENT_A, name, 0),
        ]
    return lines


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _array(texts: Sequence[str]) -> str:
    return f"array[{', '.join(map(_literal, texts))}]::text[]"
