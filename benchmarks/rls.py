"""`pytest checks/rls` on schemas of many tables: time, memory, growth, and a bare script that sends the same.

python -m benchmarks.rls [TABLES ...]      100 and 1000 unless told
python -m benchmarks.rls --neighbour       what it costs others on the same server, without and with pauses
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import measure, rls_schema
from benchmarks.measure import Run, run, spread
from runbook.database.connection import Database
from runbook.evidence.journal import Journal
from runbook.rls.inspection import Probing, inspect
from runbook.rls.session import overheard
from runbook.settings_file import load
from stack.postgres import Server, running

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "checks/rls", "-q"]
PAIRS = 3
NEIGHBOUR_TABLES = 300
NEIGHBOUR_SECONDS = 20
NICE_RATIOS = (0, 9)


def main(sizes: list[int]) -> None:
    """Measure and print, a size a paragraph."""
    measure.LIMIT = 3600
    for tables in sizes:
        with system(tables) as (settings, environment, folder):
            suite = [*PYTEST, "--target", str(settings), "--reports", str(folder / "reports")]
            recorded = folder / "statements.jsonl"
            count = record_statements(settings, environment, recorded)
            pairs = []
            for _ in range(PAIRS if tables <= 1000 else 1):
                one = run(suite, ROOT, environment)
                pairs.append(
                    (one, run([sys.executable, "-m", "benchmarks.bare_rls", str(recorded)], ROOT, environment))
                )
            two = run([*suite, "-n", "2"], ROOT, environment)
            show(tables, count, pairs, two)


def show(tables: int, statements: int, pairs: list[tuple[Run, Run]], two: Run) -> None:
    """One size."""
    seconds = [suite.seconds for suite, _ in pairs]
    print(f"{tables} tables, {statements} statements")
    print(
        f"  pytest checks/rls -n 0:   {spread(seconds, 's')},"
        f" {statistics.median(seconds) / tables * 1000:.0f} ms a table"
    )
    print(f"  bare script, the same:    {spread([bare.seconds for _, bare in pairs], 's')}")
    print(f"  ratio, pair by pair:      {spread([suite.seconds / bare.seconds for suite, bare in pairs], 'times')}")
    print(f"  peak memory, -n 0:        {spread([suite.megabytes for suite, _ in pairs], 'MB')}")
    print(f"  pytest checks/rls -n 2:   {two.seconds:.2f} s, {two.megabytes:.0f} MB in the controller", flush=True)


def neighbour() -> None:
    """Transactions a second of pgbench on the same server, while tables are probed and while they are not."""
    pgbench = shutil.which("pgbench") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))), None)
    if pgbench is None:
        print("pgbench is not installed")
        return
    with system(NEIGHBOUR_TABLES) as (settings, environment, folder):
        dsn = environment["STACK_DATABASE_DSN"]
        subprocess.run([pgbench, "-i", "-q", "-s", "5", dsn], check=True, capture_output=True)
        suite = [*PYTEST, "--target", str(settings), "--reports", str(folder / "reports")]
        document = settings.read_text(encoding="utf-8")
        for ratio in NICE_RATIOS:
            settings.write_text(f"{document}\n[rls]\nnice_ratio = {ratio}\n", encoding="utf-8")
            losses = []
            for _ in range(PAIRS):
                alone = transactions(str(pgbench), dsn)
                with subprocess.Popen(suite, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
                    first_check(folder / "reports", process)
                    beside = transactions(str(pgbench), dsn)
                    probing = process.poll() is None
                    process.terminate()
                ended = "" if probing else " (the probes ended first)"
                print(f"  alone {alone:.0f}, beside {beside:.0f} transactions/s{ended}")
                losses.append((1 - beside / alone) * 100)
            lost = spread(losses, "%")
            print(f"loss while {NEIGHBOUR_TABLES} tables are probed, nice_ratio = {ratio}: {lost}", flush=True)


def first_check(reports: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a run has begun to probe: its start is work of its own machine, which here is the server's as well."""
    records = set(reports.glob("*/run.jsonl"))
    while process.poll() is None:
        for record in set(reports.glob("*/run.jsonl")) - records:
            if '"check"' in record.read_text(encoding="utf-8"):
                return
        time.sleep(0.1)


def transactions(pgbench: str, dsn: str) -> float:
    """Transactions a second of two clients; one alone leaves a core idle, and is faster the more goes on."""
    command = [pgbench, "-n", "-c", "2", "-j", "2", "-T", str(NEIGHBOUR_SECONDS), dsn]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(next(line for line in shown.splitlines() if line.startswith("tps")).split()[2])


@contextmanager
def system(tables: int) -> Iterator[tuple[Path, dict[str, str], Path]]:
    """A database of so many tables with an approved baseline: its settings, their variables, and a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "states").mkdir(mode=0o700)
        with running(folder / "states" / "bench") as server:
            settings, environment = built(server, tables, folder)
            yield settings, environment, folder


def built(server: Server, tables: int, folder: Path) -> tuple[Path, dict[str, str]]:
    """The reference database with so many tables more."""
    server.clone("bench")
    dsn = server.dsn("postgres", "bench")
    settings = folder / "bench.toml"
    rls_schema.settings_for(settings, rls_schema.build(dsn, tables))
    # As on a user's machine: Python keeps the bytecode that it has compiled.
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**mine, **rls_schema.environment_for(dsn)}
    approve = [
        str(Path(sys.executable).with_name("runbook")),
        "rls",
        "approve",
        "--by",
        "benchmark",
        "--why",
        "to be measured",
    ]
    subprocess.run([*approve, "--target", str(settings)], env=environment, cwd=ROOT, check=True, capture_output=True)
    return settings, environment


def record_statements(settings: Path, environment: Mapping[str, str], out: Path) -> int:
    """Write down every statement of one pass over everything; returns how many."""
    target = load(settings, environment, started=True)
    database = Database(target, Journal())
    inspection = inspect(database, target)
    probing = Probing(database, target, inspection)
    count = 0
    with out.open("w", encoding="utf-8") as file:
        for item in inspection.items:
            with overheard() as heard:
                probing.cells(item)
            # Each item is a transaction of its own, with what `Database.transaction` sets in it.
            sent = ["begin", "select set_config('row_security', 'off', true)", *(sql for sql, _ in heard), "rollback"]
            file.writelines(json.dumps(sql) + "\n" for sql in sent)
            count += len(sent)
    database.close()
    return count


if __name__ == "__main__":
    if "--neighbour" in sys.argv:
        neighbour()
    else:
        main([int(argument) for argument in sys.argv[1:]] or [100, 1000])
