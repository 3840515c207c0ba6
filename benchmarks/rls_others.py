"""What this suite, supashield and pgTAP report of planted holes, side by side, and how long they take for 100 tables.

python -m benchmarks.rls_others [DEFECT ...]   (files of stack/defects, without .sql; eight by default)

"yes" is: says something new that it did not say of the system as it is.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import pgtap, rls_schema, supashield
from benchmarks.holes import DEFECTS, HOLES, TABLES, answers
from runbook.database.connection import Database
from runbook.evidence.journal import Journal
from runbook.rls.inspection import Probing, inspect
from runbook.settings_file import load
from stack.database import build
from stack.postgres import ADMIN, running

OURS = "runbook probes"


def main(holes: Sequence[str]) -> None:
    """Run all three and print one table."""
    columns: dict[str, dict[str, bool]] = {}
    for run in (ours, supashield.reported, pgtap.reported):
        columns |= run(holes)
    width = max(map(len, holes))
    print(f"\n{'reported':{width}}  {'  '.join(columns)}")
    for hole in holes:
        cells = (f"{'yes' if said[hole] else '-':{len(name)}}" for name, said in columns.items())
        print(f"{hole:{width}}  {'  '.join(cells)}".rstrip())
    print(f"{'of ' + str(len(holes)):{width}}  {'  '.join(f'{sum(a.values()):<{len(n)}}' for n, a in columns.items())}")


def ours(holes: Sequence[str]) -> dict[str, dict[str, bool]]:
    """What the probes reach that they must not; the baseline and the static rules are left out."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with running(folder / "state") as server:
            server.clone("others")
            clean = {OURS: _reached(server.dsn("postgres", "others"), folder)}
            print(f"{OURS}, findings in the system as it is: {len(clean[OURS])}")
            found = {}
            for hole in holes:
                server.clone("others")
                build.apply(server.dsn(ADMIN, "others"), DEFECTS / f"{hole}.sql")
                found[hole] = {OURS: _reached(server.dsn("postgres", "others"), folder)}
            server.clone("others")
            rls_schema.build(server.dsn("postgres", "others"), TABLES)
            began = time.perf_counter()
            _reached(server.dsn("postgres", "others"), folder)
            print(f"  {TABLES} tables: {time.perf_counter() - began:.1f} s")
    return {OURS: answers(OURS, clean, found)}


def _reached(dsn: str, folder: Path) -> set[str]:
    path = folder / "others.toml"
    rls_schema.settings_for(path, [])
    settings = load(path, {**os.environ, **rls_schema.environment_for(dsn)}, started=True)
    database = Database(settings, Journal())
    inspection = inspect(database, settings)
    probing = Probing(database, settings, inspection)
    cells = [cell for item in inspection.items for cell in probing.cells(item)]
    database.close()
    return {f"{cell.relation} {cell.command}" for cell in cells if cell.reach == "other" and cell.kind == "reached"}


if __name__ == "__main__":
    main(sys.argv[1:] or HOLES)
