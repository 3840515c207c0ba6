"""One run of checks in a process of its own, that nothing from outside steers and a time limit ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.evidence.keys import VARIABLE
from runbook.targets import STARTED
from runbook.targets.environment import cleaned

ROOT = Path(__file__).parents[3]
KILL_SECONDS = 10
STANDARD_ERROR = 2


@dataclass(frozen=True, slots=True)
class Ran:
    """The folder that the run left, if it left one, and what was wrong with how it ended."""

    folder: Path | None
    gaps: tuple[str, ...]


def run_checks(
    sections: Sequence[str], settings: Path, name: str, provided: Mapping[str, str], reports: Path, limit: float
) -> Ran:
    """Run the checks of these sections against a target that is open. What pytest prints goes to standard error."""
    command = [sys.executable, "-P", "-m", "pytest", *(f"checks/{section}" for section in sections)]
    command += [f"--rootdir={ROOT}", f"-c{ROOT / 'pyproject.toml'}", f"--target={settings}", f"--reports={reports}"]
    # The gate seals what the run left, also where the run did not come to its end.
    environment = cleaned(settings, {**provided, STARTED: name, VARIABLE: ""})
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=STANDARD_ERROR, start_new_session=True
    )
    gaps = []
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        gaps.append(f"the run did not end within {limit:g} s (gate.limit)")
    finally:
        # Also what it started and left: a browser, a worker.
        _end(process)
    mine = f"-{settings.stem}-{process.pid}"
    folders = sorted(path for path in reports.iterdir() if path.name.endswith(mine))
    if not folders:
        gaps.append("the run left no record")
    if not gaps and process.returncode not in (0, 1, 3):
        gaps.append(f"pytest ended with exit code {process.returncode}")
    return Ran(folders[-1] if folders else None, tuple(gaps))


def _end(process: subprocess.Popen[bytes]) -> None:
    for deadly in (signal.SIGTERM, signal.SIGKILL) if os.name == "posix" else ():
        try:
            os.killpg(process.pid, deadly)
        except ProcessLookupError:
            break
        try:
            process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
        process.wait()
