"""A target that the suite starts itself.

The settings name a command. It is run with `--state DIR`, prints one line of JSON when it is ready (the variables that
the settings refer to), and stops everything when its standard input ends: so whatever kills the suite, nothing stays
running.
What it keeps in DIR/logs is kept as evidence of a run of checks.
With `--detached` it stays until it is told to stop: `runbook up` and `runbook down`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from runbook.children import kill
from runbook.errors import TargetError

if TYPE_CHECKING:
    import psutil

    from runbook.settings_start import Start

STOP_SECONDS = 30
LOGS = "RUNBOOK_LOGS"
"""Names the folder of the started system's logs, among the variables that it hands back."""
CLOCK_SECONDS = 2
"""A process's birth is reckoned from the machine's start, which follows small adjustments of its clock."""


class Detached(NamedTuple):
    """A system that `runbook up` left running."""

    process: psutil.Process
    provided: dict[str, str]


@contextmanager
def running(name: str, start: Start, beside: Path) -> Iterator[dict[str, str]]:
    """The variables of the system that `runbook up` left running, else of one started for as long as this lasts."""
    root = _root(start, beside)
    if detached := find(name, start, beside):
        yield {**detached.provided, LOGS: str(root / name / "logs")}
        return
    state = f"{name}-{os.getpid()}"
    process = _spawn(start, root, state)
    provided = _answer(process, start, lambda: "the reason stands above")
    try:
        yield {**provided, LOGS: str(root / state / "logs")}
    finally:
        _close(process.stdin)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process)
            raise TargetError(f"the target did not stop within {STOP_SECONDS} s; see {root}") from None
        if process.returncode == 0:
            shutil.rmtree(root / state, ignore_errors=True)  # its logs: only a failed one is worth keeping


def up(name: str, start: Start, beside: Path, extra: tuple[str, ...] = ()) -> dict[str, str]:
    """Start the system and leave it running. Raises TargetError when it is running already or does not start."""
    import psutil

    if find(name, start, beside):
        raise TargetError(f"{name} is running already; `runbook status` shows it, `runbook down` stops it")
    log = _log_of(name, start, beside)
    process = _spawn(start, log.parent, name, ("--detached", *extra), log)
    provided = _answer(process, start, lambda: _last_line(log))
    note = note_of(name, start, beside)
    draft = note.with_suffix(".draft")
    draft.touch(mode=0o600)
    born = psutil.Process(process.pid).create_time()
    draft.write_text(json.dumps({"pid": process.pid, "born": born, "provided": provided}), encoding="utf-8")
    draft.replace(note)
    return provided


def down(name: str, start: Start, beside: Path) -> bool:
    """Stop what `up` left running; False when nothing was. Raises TargetError when it does not stop."""
    import psutil

    detached = find(name, start, beside)
    if detached is None:
        return False
    detached.process.terminate()
    try:
        detached.process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        raise TargetError(f"{name} (process {detached.process.pid}) did not stop in {STOP_SECONDS} s") from None
    note_of(name, start, beside).unlink(missing_ok=True)
    shutil.rmtree(_root(start, beside) / name, ignore_errors=True)
    _log_of(name, start, beside).unlink(missing_ok=True)
    return True


def find(name: str, start: Start, beside: Path) -> Detached | None:
    """What `up` left running, if it still is: the same process, not another one that was given its number."""
    note = note_of(name, start, beside)
    if not note.exists():
        return None
    import psutil

    known = json.loads(note.read_text(encoding="utf-8"))
    try:
        process = psutil.Process(known["pid"])
        same = abs(process.create_time() - known["born"]) < CLOCK_SECONDS
        alive = same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        alive = False
    if not alive:
        note.unlink(missing_ok=True)
        return None
    return Detached(process, known["provided"])


def _root(start: Start, beside: Path) -> Path:
    return (beside / start.folder / ".runbook").resolve()


def note_of(name: str, start: Start, beside: Path) -> Path:
    """The file that remembers what `up` left running, its secrets included: readable by its owner alone."""
    return _root(start, beside) / f"{name}.json"


def _log_of(name: str, start: Start, beside: Path) -> Path:
    return _root(start, beside) / f"{name}.log"


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), f"its log is empty: {log}")


def _spawn(
    start: Start, root: Path, name: str, extra: tuple[str, ...] = (), log: Path | None = None
) -> subprocess.Popen[str]:
    """With a log it outlives this process: it keeps nothing of ours open, which somebody may be waiting on."""
    try:
        root.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise TargetError(f"start.folder: {root} cannot be made ({error.strerror})") from None
    command = [part.replace("{python}", sys.executable) for part in start.command]
    command += ["--state", str(root / name), *extra]
    try:
        with log.open("wb") if log else nullcontext() as errors:
            return subprocess.Popen(
                command,
                cwd=root.parent,
                stdin=subprocess.DEVNULL if log else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
    except OSError as error:
        raise TargetError(f"start.command: {command[0]} cannot be run ({error.strerror})") from None


def _answer(process: subprocess.Popen[str], start: Start, reason: Callable[[], str]) -> dict[str, str]:
    """The variables that the started system prints. Whatever keeps it from answering also ends it.

    Raises TargetError when it stops, stays silent or prints something else.
    """
    if process.stdout is None:
        raise TargetError("the target was started without a pipe to answer on")
    with process.stdout, ThreadPoolExecutor(1) as reader:
        line = reader.submit(process.stdout.readline)
        try:
            return _variables(line.result(start.seconds), reason)
        except BaseException as error:
            _end(process)  # which also lets the reader go
            if isinstance(error, TimeoutError):
                silent = f"the target did not answer within {start.seconds:g} s (start.seconds)"
                raise TargetError(silent) from None
            raise


def _variables(line: str, reason: Callable[[], str]) -> dict[str, str]:
    if not line:
        raise TargetError(f"the target did not start; {reason()}")
    try:
        provided = json.loads(line)
    except json.JSONDecodeError:
        provided = None
    if not isinstance(provided, dict):
        raise TargetError("the target's first line is not a JSON object of variables (start.command)")
    return {str(name): str(value) for name, value in provided.items()}


def _end(process: subprocess.Popen[str]) -> None:
    """Asked first, so that it takes down what it started; then by force."""
    _close(process.stdin)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    kill(process)


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        pipe.close()
