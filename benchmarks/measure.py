"""Whole processes, timed in turn: A B A B ..., so that a machine whose speed drifts disturbs both alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

LIMIT = 300


@dataclass(frozen=True, slots=True)
class Run:
    """One process: wall-clock seconds, and its own peak memory in MB (its children's not)."""

    seconds: float
    megabytes: float


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], *, ends: Sequence[int] = (0,)) -> Run:
    """Run a command to its end. Raises TimeoutError after LIMIT seconds, RuntimeError when it ends otherwise."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            except psutil.NoSuchProcess:
                break
            if time.perf_counter() - began > LIMIT:
                process.kill()
                raise TimeoutError(f"{command[0]} took more than {LIMIT} s")
            time.sleep(0.01)
    if process.returncode not in ends:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    return Run(time.perf_counter() - began, peak / 1e6)


def spread(values: Sequence[float], unit: str) -> str:
    """The median, with the smallest and the largest: the machine's noise."""
    return f"{statistics.median(values):.2f} {unit} (of {len(values)}: {min(values):.2f} to {max(values):.2f})"
