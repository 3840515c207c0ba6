"""Commands, folders and servers that last as long as this process at most, also when it is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import Unverified
from runbook.targets.environment import plain

KEPT_BYTES = 64 * 1024
"""Of what a command printed, the end: it says how it ended."""
REMOVE = 'rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }'
KILL = 'kill -s KILL -- "-$1"'
TIDY_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its exit code, None where the time limit ended it; the end of its output; and seconds."""

    code: int | None
    output: str
    seconds: float


@contextmanager
def folder(stop: str = ":") -> Iterator[Path]:
    """A new folder for this user alone, in memory where there is room. Afterwards a shell runs `stop` with the folder
    as `$1`, and removes it."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**29
    made = Path(tempfile.mkdtemp(prefix="runbook-", dir=memory if roomy else None))
    keeper = _afterwards(f"{stop}; {REMOVE}", str(made))
    try:
        yield made
    finally:
        keeper.communicate(timeout=TIDY_SECONDS)


def run(command: Sequence[str], where: Path, limit: float, more: Mapping[str, str] | None = None) -> Finished:
    """Run a command in a folder with neither secrets nor input; what it started ends with it. `{python}` is ours.

    Raises Unverified when there is no such program.
    """
    words = [word.replace("{python}", sys.executable) for word in command]
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                words,
                cwd=where,
                env=plain({"CI": "1", **(more or {})}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Unverified(
                f"{words[0]} cannot be run ({error.strerror}): install it, or correct its setting"
            ) from None
        keeper = _afterwards(KILL, str(process.pid))
        code: int | None = None
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(limit)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        keeper.kill()
        keeper.communicate()
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - KEPT_BYTES))
        text = output.read().decode("utf-8", "replace")
    left_out = f"[{size - KEPT_BYTES} bytes before this are left out]\n" if size > KEPT_BYTES else ""
    return Finished(code, left_out + text, time.monotonic() - began)


def _afterwards(script: str, argument: str) -> subprocess.Popen[bytes]:
    """A shell that waits for the end of its input, which is our own end at the latest, and then runs the script."""
    return subprocess.Popen(
        ["sh", "-c", f"cat > /dev/null; {script}", "sh", argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
