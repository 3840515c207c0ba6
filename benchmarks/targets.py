"""What a target of containers costs beside the embedded one: starting, stopping, and the checks in between.

python -m benchmarks.targets [RUNS]

Needs an engine with the images of targets/container.toml.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import run, spread
from runbook.targets import EMBEDDED, opened

ROOT = Path(__file__).parents[1]
TARGETS = {"embedded": EMBEDDED, "container": EMBEDDED.with_name("container.toml")}


def main(runs: int) -> None:
    """Measure in turn and print."""
    starts: dict[str, list[float]] = {name: [] for name in TARGETS}
    stops: dict[str, list[float]] = {name: [] for name in TARGETS}
    whole: dict[str, list[float]] = {name: [] for name in TARGETS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(runs):
            for name, path in TARGETS.items():
                began = time.perf_counter()
                with opened(path):
                    up = time.perf_counter()
                starts[name].append(up - began)
                stops[name].append(time.perf_counter() - up)
                command = [sys.executable, "-m", "pytest", "checks/health", "--target", str(path), "--reports", folder]
                whole[name].append(run(command, ROOT, os.environ).seconds)
    for name in TARGETS:
        print(f"{name}: start {spread(starts[name], 's')}, stop {spread(stops[name], 's')}")
        print(f"{' ' * len(name)}  pytest checks/health from cold {spread(whole[name], 's')}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
