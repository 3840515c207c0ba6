"""`pytest checks/health` against a bare script that sends the same, on a target that runs already; then from cold.

python -m benchmarks.health [RUNS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import run, spread
from runbook.targets import EMBEDDED, opened

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "checks/health", "-q"]
BARE = [sys.executable, "-m", "benchmarks.bare_health"]


def main(runs: int) -> None:
    """Measure and print."""
    # As on a user's machine: Python keeps the bytecode that it has compiled.
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with opened(EMBEDDED) as target, tempfile.TemporaryDirectory() as folder:
        given = {**mine, **target.provided}
        settings = Path(folder) / "running.toml"
        settings.write_text(_without_start(EMBEDDED.read_text(encoding="utf-8")), encoding="utf-8")
        suite = [*PYTEST, "--reports", folder, "--target", str(settings)]
        _compare_requests(suite, Path(folder), given)
        pairs = [(run(suite, ROOT, given), run(BARE, ROOT, given)) for _ in range(runs)]
    print(f"pytest checks/health, target running: {spread([suite.seconds for suite, _ in pairs], 's')}")
    print(f"bare script, the same requests:       {spread([bare.seconds for _, bare in pairs], 's')}")
    ratios = [suite.seconds / bare.seconds for suite, bare in pairs]
    print(f"ratio, pair by pair:                  {spread(ratios, 'times')}")
    print(f"peak memory of the pytest process:    {spread([suite.megabytes for suite, _ in pairs], 'MB')}")
    cold = [run(PYTEST, ROOT, mine) for _ in range(runs)]
    print(f"pytest checks/health, from cold:      {spread([one.seconds for one in cold], 's')}")
    began = time.perf_counter()
    with opened(EMBEDDED):
        up = time.perf_counter() - began
    down = time.perf_counter() - began - up
    warm = statistics.median(suite.seconds for suite, _ in pairs)
    print(f"  of which: start {up:.2f} s, stop {down:.2f} s, the run itself about {warm:.2f} s")


def _without_start(document: str) -> str:
    """The embedded target's settings as those of a live one."""
    head, _, tail = document.partition("[start]")
    return head.replace('backend = "embedded"', 'backend = "live"') + tail[tail.index("[api]") :]


def _compare_requests(suite: list[str], folder: Path, given: dict[str, str]) -> None:
    """Print how many requests each side sends: the comparison is only as fair as these are near."""
    subprocess.run(suite, cwd=ROOT, env=given, check=True, capture_output=True)
    [record] = folder.glob("*/run.jsonl")
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    sent = sum(fact["kind"] == "http" for line in lines if line["type"] == "check" for fact in line["observation"])
    answer = subprocess.run(BARE, cwd=ROOT, env=given, check=True, capture_output=True, text=True).stdout
    checks = sum(line["type"] == "check" for line in lines)
    print(f"{checks} checks; HTTP requests: suite {sent}, bare script {json.loads(answer)['requests']}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
