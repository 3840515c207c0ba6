"""Where logs come from: each kind of source gives blocks of whole lines, and holds one block in memory at a time.

A source that cannot be read raises Unverified: it is never an empty log.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from runbook.children import kill
from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.logs.window import Window
    from runbook.settings_logs import Kind, LogSource

CHUNK = 1 << 20
LONGEST = 16 << 20
"""Bytes; a longer line is none of a log's."""
GZIP = b"\x1f\x8b"
TRIES = 5


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one source; `first` is the number of the first of them there, from 1."""

    source: str
    first: int
    data: bytes


class Source(Protocol):
    """What a kind of source is: blocks of lines, of the window and maybe of the time around it."""

    def __call__(self, source: LogSource, window: Window, /) -> Iterator[Block]: ...


def blocks(source: LogSource, window: Window) -> Iterator[Block]:
    """The lines of a source. Raises Unverified when it cannot be read, or not to its end."""
    return _sources()[source.kind](source, window)


def _sources() -> dict[Kind, Source]:
    from runbook.logs import containers, supabase

    return {
        "file": lambda source, window: from_files(str(source.path), window),
        "command": lambda source, window: from_command(source.command, source.seconds, window),
        "journald": containers.from_journal,
        "containers": containers.from_containers,
        "supabase": supabase.from_endpoint,
    }


def whole_lines(read: Callable[[int], bytes], name: str) -> Iterator[Block]:
    """Blocks of whole lines; the last line may lack its end. Raises Unverified for what is no text."""
    first, rest = 1, b""
    while chunk := read(CHUNK):
        if first == 1 and b"\0" in chunk[:8192]:
            raise Unverified(f"{name} is no text: it is a binary file")
        head, newline, tail = chunk.rpartition(b"\n")
        if newline:
            yield (block := Block(name, first, rest + head + newline))
            first += block.data.count(b"\n")
            rest = tail
        else:
            rest += chunk
        if len(rest) > LONGEST:
            raise Unverified(f"{name}: line {first} is longer than {LONGEST >> 20} MB: is it a log?")
    if rest:
        yield Block(name, first, rest)


def from_files(pattern: str, window: Window) -> Iterator[Block]:
    """The files that a pattern names, oldest first, the gzipped too. Those that ended before the window are left out,
    but for the newest: it says when the log ends."""
    with ExitStack() as held:
        files = _opened(pattern, held)
        for index, (path, file) in enumerate(files):
            ended = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            if ended < window.since and index + 1 < len(files):
                continue
            zipped = file.read(2) == GZIP
            file.seek(0)
            try:
                with gzip.open(file) if zipped else file as lines:
                    yield from whole_lines(lines.read, path)
            except (EOFError, gzip.BadGzipFile, zlib.error):
                raise Unverified(f"{path}: the gzip file is damaged or cut off") from None
            except OSError as error:
                raise Unverified(f"{path} cannot be read ({error.strerror})") from None


def from_command(command: Sequence[str], seconds: float, window: Window) -> Iterator[Block]:
    """What a command prints. `{since}` in it stands for the beginning of the window, in ISO 8601."""
    argv = [part.replace("{since}", window.since.isoformat()) for part in command]
    with _running(argv, seconds) as output:
        yield from whole_lines(output.read, argv[0])


@contextmanager
def _running(argv: Sequence[str], seconds: float) -> Iterator[IO[bytes]]:
    """The output of a command, which is stopped when it takes too long. Raises Unverified when it fails."""
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise Unverified(f"the log's command {argv[0]} cannot be run ({error.strerror})") from None
    expired = threading.Event()

    def stop() -> None:
        expired.set()
        _end(process)

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        if process.stdout is not None:
            with process.stdout:
                yield process.stdout
        process.wait()
    finally:
        timer.cancel()
        _end(process)
    if expired.is_set():
        raise Unverified(f"the log's command {argv[0]} did not end within {seconds:g} s")
    if process.returncode != 0:
        raise Unverified(f"the log's command {argv[0]} ended with exit code {process.returncode}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """One that has ended is left alone: its number may be another's by now."""
    if process.poll() is None:
        kill(process)


def _opened(pattern: str, held: ExitStack) -> list[tuple[str, IO[bytes]]]:
    """All files at once, oldest first: what is rotated afterwards is read all the same, and nothing twice."""
    for _ in range(TRIES):
        with ExitStack() as files:
            found: dict[tuple[int, int], tuple[float, str, IO[bytes]]] = {}
            for path in _named(pattern):
                try:
                    file = files.enter_context(Path(path).open("rb"))
                except FileNotFoundError:
                    break
                except OSError as error:
                    raise Unverified(f"the log {path} cannot be opened ({error.strerror})") from None
                state = os.fstat(file.fileno())
                found[state.st_dev, state.st_ino] = (state.st_mtime, path, file)
            else:
                if {_identity(path) for path in _named(pattern)} == found.keys():
                    held.push(files.pop_all())
                    return [(path, file) for _, path, file in sorted(found.values(), key=lambda entry: entry[:2])]
    raise Unverified(f"the log {pattern} is being rotated over and over: no state of it holds still")


def _named(pattern: str) -> list[str]:
    """The files of a pattern; of one that is there both plain and gzipped, the plain one: it is being compressed."""
    whole = Path(pattern)
    paths = {str(path) for path in Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))) if not path.is_dir()}
    if not paths:
        raise Unverified(f"there is no log {pattern} that this user can see")
    return sorted(path for path in paths if path.removesuffix(".gz") == path or path.removesuffix(".gz") not in paths)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
