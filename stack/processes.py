"""Processes by what stays their own, the record of them on disk, and their end."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

DATABASE = "postgres"  # the process that is stopped last
GRACE = 8.0  # seconds between asking a process to stop and killing it
POLL = 0.01  # seconds
CLOCK = 2.0  # seconds: a creation time is reckoned from the boot time, which follows small adjustments of the clock


@dataclass(frozen=True, slots=True)
class Recorded:
    """A process: a number can be given to another one later, a number and a creation time cannot."""

    name: str
    pid: int
    create_time: float
    stop_signal: int

    @classmethod
    def of(cls, name: str, pid: int, stop_signal: int = signal.SIGTERM) -> Recorded:
        """The process that has this number now, and the signal that makes it stop in an orderly way."""
        return cls(name, pid, psutil.Process(pid).create_time(), stop_signal)

    def alive(self) -> psutil.Process | None:
        """This very process while it runs, else None."""
        try:
            process = psutil.Process(self.pid)
            own = abs(process.create_time() - self.create_time) < CLOCK and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if own else None


@dataclass(frozen=True, slots=True)
class Record:
    """Who supervises, on which machine; the processes that were started, in order; their folders elsewhere."""

    host: str
    supervisor: Recorded
    processes: tuple[Recorded, ...] = ()
    folders: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path) -> Record:
        """Raises OSError or ValueError when the file holds no record."""
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            processes = tuple(Recorded(**process) for process in content["processes"])
            supervisor = Recorded(**content["supervisor"])
            return cls(content["host"], supervisor, processes, tuple(content["folders"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{file} is no record of processes") from error

    def to_json(self) -> str:
        """What `read` reads."""
        return json.dumps(asdict(self))


def stop(processes: Sequence[Recorded]) -> None:
    """Stop those that still run: first what uses the database, then the database."""
    _end([recorded for recorded in processes if recorded.name != DATABASE])
    _end([recorded for recorded in processes if recorded.name == DATABASE])


def _end(processes: Sequence[Recorded]) -> None:
    """Ask all of them to stop, give them GRACE to do it, then kill."""
    running = [(process, recorded.stop_signal) for recorded in processes if (process := recorded.alive())]
    for process, stop_signal in running:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal)
    if not _ended(processes):
        for process, _ in running:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _ended(processes)


def _ended(processes: Sequence[Recorded]) -> bool:
    """Whether all of them end within GRACE. A dead one that its parent has not collected has ended."""
    end = time.monotonic() + GRACE
    while alive := any(recorded.alive() for recorded in processes):
        if time.monotonic() > end:
            break
        time.sleep(POLL)
    return not alive
