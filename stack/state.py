"""A state directory: what one start leaves on this machine, written down at once, so that the next can clear it away.

It belongs to this user alone and holds the processes' logs, secrets while the system runs, and `processes.json`: who
supervises, which processes were started and which folders elsewhere are theirs.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stack import processes
from stack.processes import GRACE, POLL, Record, Recorded

RECORD = "processes.json"
LOGS = "logs"
HOST = platform.node()
COMPLAINT = re.compile("error|fatal|panic", re.IGNORECASE)
DEADLINE = 30.0  # seconds, for whatever is waited for


class StackError(Exception):
    """What failed, in one line for the operator."""


class State:
    """A claimed state directory. Not thread-safe."""

    def __init__(self, directory: Path, stopping: threading.Event) -> None:
        self.directory = directory
        self.logs = directory / LOGS
        self._stopping = stopping
        self._children: list[subprocess.Popen[bytes]] = []
        self._processes: list[Recorded] = []
        self._folders: list[str] = []
        self._supervisor = Recorded.of("supervisor", os.getpid())

    def write(self, name: str, content: str) -> Path:
        """A file that only this user reads, there whole or not at all."""
        draft = self.directory / f"{name}.draft"
        draft.touch(mode=0o600)
        draft.write_text(content, encoding="utf-8")
        return draft.replace(self.directory / name)

    def adopt(self, folder: Path) -> None:
        """Remove this folder with the state, wherever it is."""
        self._folders.append(str(folder))
        self.record()

    def record(self) -> None:
        """Write down what there is to stop and to remove."""
        record = Record(HOST, self._supervisor, tuple(self._processes), tuple(self._folders))
        self.write(RECORD, record.to_json())

    def spawn(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: int = signal.SIGTERM,
    ) -> subprocess.Popen[bytes]:
        """Start a process that writes to `logs/<name>.log` and is stopped with the state.

        It has a session of its own: Ctrl-C in a terminal reaches the supervisor alone, which stops things in order.
        Under another `user` it has that user's group of the same name and no other group.
        Raises StackError when the command cannot be run.
        """
        with (self.logs / f"{name}.log").open("ab") as output:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=env,
                    user=user,
                    group=user,
                    extra_groups=None if user is None else [],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"{name} could not be started: {error}") from error
        self._children.append(process)
        self._processes.append(Recorded.of(name, process.pid, stop_signal))
        self.record()
        return process

    def runs(self, name: str) -> bool:
        """Whether a process of this name is alive."""
        return any(recorded.alive() for recorded in self._processes if recorded.name == name)

    def end(self, name: str) -> None:
        """Stop what has this name, before everything else is. Raises StackError when it had to be killed."""
        ending = [recorded for recorded in self._processes if recorded.name == name]
        processes.stop(ending)
        pids = {recorded.pid for recorded in ending}
        codes = [child.poll() for child in self._children if child.pid in pids]
        self._children = [child for child in self._children if child.pid not in pids]
        self._processes = [recorded for recorded in self._processes if recorded.name != name]
        self.record()
        if any(code == -signal.SIGKILL for code in codes):
            raise StackError(f"{name} did not stop within {GRACE:.0f} s and was killed")

    def wait_until_ready(self, name: str, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
        """Poll until ready. Raises StackError when the process ends first, after DEADLINE, or when told to stop."""
        end = time.monotonic() + DEADLINE
        while not ready():
            self.check_stopping()
            if (code := process.poll()) is not None:
                raise self.failure(name, f"ended with exit code {code} before it was ready")
            if time.monotonic() > end:
                raise self.failure(name, f"was not ready within {DEADLINE:.0f} s")
            time.sleep(POLL)

    def check_stopping(self) -> None:
        """Raises StackError once the supervisor was told to stop."""
        if self._stopping.is_set():
            raise StackError("told to stop before everything had started")

    def failure(self, name: str, what: str, why: str | None = None) -> StackError:
        """One line that says what failed, why (else the last complaint in its log), and where that log is."""
        log = self.logs / f"{name}.log"
        if why is None:
            lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
            # What comes after the complaint is only of the tidying up.
            why = next(filter(COMPLAINT.search, reversed(lines)), lines[-1] if lines else "its log is empty")
        return StackError(f"{name} {what}: {why} (log: {log})")

    def close(self) -> None:
        """Stop what was started and remove everything but the logs; the record last, lest something be forgotten."""
        processes.stop(self._processes)
        for child in self._children:
            child.poll()
        for folder in self._folders:
            _remove(folder)
        for path in self.directory.glob("*"):
            if path.name not in {LOGS, RECORD}:
                path.unlink()
        (self.directory / RECORD).unlink(missing_ok=True)


@contextmanager
def claimed(directory: Path, stopping: threading.Event | None = None) -> Iterator[State]:
    """The directory as a new state, once what dead supervisors left beside it is gone; only logs stay afterwards.

    Raises StackError when the directory is in use or holds anything else than an earlier start's logs.
    """
    directory = directory.absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    sweep(directory.parent)
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        if not _is_ours(directory) or {path.name for path in directory.iterdir()} - {LOGS}:
            raise FileExistsError
        (directory / RECORD).touch(mode=0o600, exist_ok=False)  # of two that start at once, one gets it
    except FileExistsError:
        raise StackError(_refusal(directory)) from None
    state = State(directory, stopping if stopping is not None else threading.Event())
    state.record()
    shutil.rmtree(state.logs, ignore_errors=True)
    state.logs.mkdir()
    try:
        yield state
    finally:
        state.close()


def sweep(root: Path) -> list[Path]:
    """Stop and remove what dead supervisors left in state directories under root; returns those directories.

    Only directories that belong to this user alone are looked at: in a shared place such as /tmp anybody can write a
    record that names somebody else's processes. And only this machine's: the folder may be on a shared disk.
    """
    swept = []
    for directory in sorted(path for path in root.iterdir() if _is_ours(path)):
        try:
            record = Record.read(directory / RECORD)
        except (OSError, ValueError):
            continue
        if record.host != HOST or record.supervisor.alive():
            continue
        processes.stop(record.processes)
        for folder in (*record.folders, str(directory)):
            _remove(folder)
        swept.append(directory)
    return swept


def _remove(folder: str) -> None:
    """Again until it is gone: what a killed server had begun may write into it for a moment longer."""
    end = time.monotonic() + GRACE
    while Path(folder).exists() and time.monotonic() < end:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours(directory: Path) -> bool:
    """A real directory that this user owns and nobody else may enter (on Windows: a directory)."""
    try:
        found = directory.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    return os.name != "posix" or (found.st_uid == os.geteuid() and not found.st_mode & 0o077)


def _refusal(directory: Path) -> str:
    try:
        pid = Record.read(directory / RECORD).supervisor.pid
    except (OSError, ValueError):
        return f"{directory} is not a state directory: it must be new, or this user's alone with nothing in it but logs"
    return f"{directory} is in use by process {pid}: stop that first, or name another directory"
