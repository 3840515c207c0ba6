"""What a user would pick instead, on the same databases: supashield (npm), by what it can do without being asked.

python -m benchmarks.rls_others      needs npx; says what each reports of planted holes, what it alarms of a sound
                                     system, and how long it takes
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import rls_schema
from runbook.database.connection import Database
from runbook.evidence.journal import Journal
from runbook.rls.inspection import Probing, inspect
from runbook.settings_file import load
from stack.database import build
from stack.defects import FOLDER
from stack.postgres import ADMIN, Server, running

HOLES = (
    "attendance_rebuilt_without_rls",
    "context_not_bound_to_membership",
    "membership_without_the_context",
    "member_of_the_context_reads_every_row",
    "update_policy_open_to_every_row",
    "membership_insert_checks_only_the_person",
    "view_replaced_without_security_invoker",
    "function_takes_an_enrolment",
)
TABLES = 100
LIMIT = 300


def main() -> None:
    """Print a line a tool."""
    if shutil.which("npx") is None:
        print("npx is not installed: nothing to compare with")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "states").mkdir(mode=0o700)
        with running(folder / "states" / "others") as server:
            tools = {"runbook": runbook, "supashield audit": audit, "supashield lint": lint}
            print(f"{'':18} found of {len(HOLES)}, alarms on the sound system, seconds for {TABLES} tables")
            for name, tool in tools.items():
                sound = tool(planted(server, None), folder)
                found = [hole for hole in HOLES if tool(planted(server, hole), folder) - sound]
                dsn = planted(server, None)
                rls_schema.build(dsn, TABLES)
                began = time.perf_counter()
                tool(dsn, folder)
                seconds = time.perf_counter() - began
                print(f"{name:18} {len(found)}, {len(sound)}, {seconds:.1f} s   {', '.join(found)}", flush=True)
            print("supashield test wants a person at `init`, which asks, so it is left out")


def planted(server: Server, hole: str | None) -> str:
    """A copy of the reference database with a hole, or none."""
    server.clone("others")
    if hole is not None:
        build.apply(server.dsn(ADMIN, "others"), FOLDER / "rls" / f"{hole}.sql")
    return server.dsn("postgres", "others")


def runbook(dsn: str, folder: Path) -> set[str]:
    """What the probes of this suite reach that they must not; the baseline and the static rules are left out."""
    path = folder / "others.toml"
    rls_schema.settings_for(path, [])
    settings = load(path, {**os.environ, **rls_schema.environment_for(dsn)}, started=True)
    database = Database(settings, Journal())
    inspection = inspect(database, settings)
    probing = Probing(database, settings, inspection)
    cells = [cell for item in inspection.items for cell in probing.cells(item)]
    database.close()
    return {f"{cell.relation} {cell.command}" for cell in cells if cell.reach == "other" and cell.kind == "reached"}


def audit(dsn: str, folder: Path) -> set[str]:
    """What `supashield audit` names."""
    return _supashield("audit", dsn, folder)


def lint(dsn: str, folder: Path) -> set[str]:
    """What `supashield lint` names."""
    return _supashield("lint", dsn, folder)


def _supashield(command: str, dsn: str, folder: Path) -> set[str]:
    shown = subprocess.run(
        ["npx", "--yes", "supashield", command, "-u", dsn],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    ).stdout
    named = re.findall(r"(?:Table|Policy|View|Function): (.+)\n\s+Issue: (.+)", shown)
    return {f"{subject}: {issue}" for subject, issue in named}


if __name__ == "__main__":
    main()
