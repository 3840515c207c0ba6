"""One part by its commands: started and ready within its deadline, stopped within its deadline."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from runbook.errors import TargetError
from runbook.settings_parts import ORDER, Endpoint, Part, PartName, endpoint

POLL = 0.02
CONNECT = 1.0
"""Seconds between two looks, and for one answer to be looked at."""


@dataclass(frozen=True, slots=True)
class Done:
    """How long a command took, in seconds, with what it waits for; and what was wrong, if anything was."""

    seconds: float
    fault: str | None = None


@dataclass(frozen=True)
class Handle:
    """A part that can be started and stopped. Commands run beside the settings file, without a terminal."""

    name: PartName
    part: Part
    beside: Path

    @cached_property
    def endpoints(self) -> list[Endpoint]:
        """Where it listens."""
        return [endpoint(address) for address in self.part.listens]

    def ready(self) -> bool:
        """Whether it answers as the settings say: 200 at the address, a connection, or a command's exit code 0."""
        asked = self.part.ready
        if isinstance(asked, tuple):
            return self.run("ready", asked, max(CONNECT, self.part.ready_within)) == 0
        return answers(asked) if asked.startswith("http") else accepts(endpoint(asked))

    def start(self) -> Done:
        """Start it and wait until it is ready. Raises TargetError when the command cannot be run."""
        began = time.monotonic()
        code = self.run("start", self.part.start, self.part.ready_within)
        if code:
            return Done(time.monotonic() - began, f"the command ended with exit code {code}")
        left = began + self.part.ready_within - time.monotonic()
        ready = code == 0 and eventually(self.ready, left)
        seconds = time.monotonic() - began
        return Done(seconds, None if ready else f"it was not ready within {self.part.ready_within:g} s")

    def stop(self) -> Done:
        """Stop it and wait until the command has ended. Raises TargetError when it cannot be run."""
        began = time.monotonic()
        return self.stopped(self.begin_to_stop(), began)

    def begin_to_stop(self) -> subprocess.Popen[bytes]:
        """The command that stops it, under way."""
        return self._popen("stop", self.part.stop)

    def stopped(self, process: subprocess.Popen[bytes], began: float) -> Done:
        """What became of that command, once it has ended or its time is over."""
        code = _ended(process, began + self.part.stop_within - time.monotonic())
        seconds = time.monotonic() - began
        if code is None:
            return Done(seconds, f"the command did not end within {self.part.stop_within:g} s")
        return Done(seconds, f"the command ended with exit code {code}" if code else None)

    def lines_left(self) -> int | None:
        """How many lines the command prints that looks for what is left; None when it fails."""
        process = self._popen("left", self.part.left, stdout=subprocess.PIPE)
        try:
            output, _ = process.communicate(timeout=self.part.stop_within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
        return len(output.splitlines()) if process.returncode == 0 else None

    def run(self, key: str, command: Sequence[str], limit: float) -> int | None:
        """The exit code of a command; None when its time was over, and it was ended."""
        return _ended(self._popen(key, command), limit)

    def _popen(self, key: str, command: Sequence[str], stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """What it prints is not kept: `supabase start` prints keys. It outlives this process and its terminal."""
        filled = [word.replace("{python}", sys.executable) for word in command]
        try:
            return subprocess.Popen(
                filled,
                cwd=self.beside / self.part.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise TargetError(f"parts.{self.name}.{key}: {command[0]} cannot be run ({error.strerror})") from None


def handles(parts: dict[PartName, Part], beside: Path) -> list[Handle]:
    """The parts that the settings name, in the order in which they start."""
    return [Handle(name, parts[name], beside) for name in ORDER if name in parts]


def eventually(met: Callable[[], bool], limit: float) -> bool:
    """Whether it comes about within so many seconds; it is looked at once at least."""
    end = time.monotonic() + limit
    while not met():
        if time.monotonic() >= end:
            return False
        time.sleep(POLL)
    return True


def accepts(where: Endpoint) -> bool:
    """Whether something takes connections there."""
    import socket

    try:
        if isinstance(where, tuple):
            socket.create_connection(where, CONNECT).close()
        else:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(CONNECT)
                connection.connect(where)
    except OSError:
        return False
    return True


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    import httpx

    try:
        return httpx.get(url, timeout=CONNECT, trust_env=False).status_code == HTTPStatus.OK
    except httpx.HTTPError:
        return False


def _ended(process: subprocess.Popen[bytes], limit: float) -> int | None:
    try:
        return process.wait(max(limit, 0))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None
