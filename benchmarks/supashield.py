"""supashield (npm) against the embedded PostgreSQL 18: all that it does without a person."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from benchmarks.holes import ALL, DEADLINE, DEFECTS, PEOPLE, POLICIES, TABLES, answers
from benchmarks.rls_schema import build as build_schema
from stack.database import build
from stack.postgres import Server, running

SUPASHIELD = "supashield@0.3.0"
# supashield's `init` fails where there is no storage.
STORAGE = """
create schema storage;
create table storage.buckets (id text primary key, name text, public boolean);
create table storage.objects (id uuid primary key)
"""


def reported(holes: Sequence[str]) -> dict[str, dict[str, bool]]:
    """What each of its commands reports, by hole; empty where it cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        program = _installed(Path(folder))
        if program is None:
            print(f"skipped: {SUPASHIELD} cannot be installed with npm")
            return {}
        with running(Path(folder) / "state") as server:
            clean, skipped = _shielded(program, _planted(server, None))
            said = ", ".join(f"{name} {len(found)}" for name, found in clean.items())
            print(f"supashield, findings in the system as it is: {said}")
            print(f"  its `test` skipped {skipped} of {len(POLICIES) * 8} cells")
            found = {hole: _shielded(program, _planted(server, hole))[0] for hole in holes}
            server.clone("tables")
            build_schema(server.dsn("postgres", "tables"), TABLES)
            _add_storage(server.dsn("postgres", "tables"))
            _time_supashield(program, server.dsn("postgres", "tables"))
    return {name: answers(name, clean, found) for name in clean}


def _time_supashield(program: Path, dsn: str) -> None:
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(dsn) as connection:
        relations = connection.execute(
            "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        ).fetchall()
        for name, command in (
            ("init", ["init"]),
            ("test, as it was made by init", ["test", "--json"]),
            ("test, outsider", ["test", "--json"]),
            ("audit", ["audit"]),
            ("lint", ["lint", "--json"]),
            ("coverage", ["coverage"]),
        ):
            if name == "test, outsider":
                _configure(Path(folder), [relation for (relation,) in relations])
            began = time.perf_counter()
            try:
                said = _run(program, Path(folder), dsn, *command)
            except RuntimeError as error:
                print(f"  {TABLES} tables, {name}: {error}")
                continue
            print(f"  {TABLES} tables, {name}: {time.perf_counter() - began:.1f} s{_summary(said)}")


def _installed(folder: Path) -> Path | None:
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", SUPASHIELD]
    done = subprocess.run(command, capture_output=True, timeout=DEADLINE)
    program = folder / "node_modules" / ".bin" / "supashield"
    return program if done.returncode == 0 and program.exists() else None


def _planted(server: Server, hole: str | None) -> str:
    server.clone("planted")
    if hole is not None:
        build.apply(server.dsn("supabase_admin", "planted"), DEFECTS / f"{hole}.sql")
    _add_storage(server.dsn("postgres", "planted"))
    return server.dsn("postgres", "planted")


def _add_storage(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(STORAGE)


def _shielded(program: Path, dsn: str) -> tuple[dict[str, set[str]], int]:
    """What each command finds, and how many cells its own configuration leaves untried."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        started = _run(program, place, dsn, "init")
        audit, coverage = (_run(program, place, dsn, name) for name in ("audit", "coverage"))
        lint = json.loads(_run(program, place, dsn, "lint", "--json"))
        tested = json.loads(_run(program, place, dsn, "test", "--json"))
        _configure(place, [*POLICIES])
        outsider = json.loads(_run(program, place, dsn, "test", "--json"))
    found = {
        "audit": _lines(audit, r"  (?:Table|Column|Issue): ") | _lines(started, r"  public\.\S+$"),
        "lint": {f"{issue['policy']} {issue['check_id']}" for issue in lint["issues"]},
        "coverage": _lines(coverage, r"public\.\S+ "),
        "test": _issues(tested),
        "test, outsider": _issues(outsider),
    }
    return found, len(tested["skipped"])


def _configure(folder: Path, tables: Sequence[str]) -> None:
    """Expect nobody of the two personas to reach anything.

    Its own signed-in person is "user-123", no uuid, and is to be let in everywhere. Here it is a real user, in no
    event. No event can be named: supashield sets claims and no header.
    """
    denied = dict.fromkeys(ALL, "DENY")
    claims = {"anonymous_user": {}, "outsider": {"sub": PEOPLE["outsider"], "role": "authenticated"}}
    scenarios = [{"name": name, "jwt_claims": given, "expected": denied} for name, given in claims.items()]
    document = {"tables": {f"public.{table}": {"test_scenarios": scenarios} for table in tables}}
    # JSON is YAML too.
    (folder / ".supashield" / "policy.yaml").write_text(json.dumps(document), encoding="utf-8")


def _run(program: Path, folder: Path, dsn: str, *command: str) -> str:
    given = {**os.environ, "SUPASHIELD_DATABASE_URL": dsn, "NO_COLOR": "1"}
    # To a file: what it writes to a pipe it cuts off after 128 kB, because it exits before all of it has left.
    with (folder / "said").open("w+", encoding="utf-8") as said:
        done = subprocess.run(
            [program, *command],
            cwd=folder,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.PIPE,
            text=True,
            timeout=DEADLINE,
        )
        said.seek(0)
        answer = said.read()
    # 1 is also its answer when it has found something.
    if "unexpected error" in done.stderr or "Node.js v" in done.stderr or done.returncode > 1:
        why = re.search(r"^\w*Error: .*$", done.stderr, re.MULTILINE)
        raise RuntimeError(f"supashield {command[0]} fails: {why[0] if why else done.stderr}")
    return answer


def _lines(text: str, beginning: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if re.match(beginning, line)}


def _issues(answer: Mapping[str, Sequence[Mapping[str, str]]]) -> set[str]:
    return {" ".join(issue[key] for key in ("table", "scenario", "operation", "actual")) for issue in answer["issues"]}


def _summary(said: str) -> str:
    return f"; {json.loads(said)['summary']}" if '"summary"' in said else ""
