"""JSON lines that hold together: each carries the digest of the one before, so that none is changed, dropped or moved
unseen. What was cut off at the end shows only against something else: a record's own last line, a seal, the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

Entry = dict[str, object]

FIRST = "0" * 64
"""What the first line carries for the digest of the one before."""


def canonical(value: object) -> bytes:
    """The one way in which a JSON value is written: keys sorted, no blanks, UTF-8, what is no character escaped."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


class Chain:
    """Adds lines to an open file. `last` is the digest of the line that stands there last."""

    def __init__(self, file: IO[bytes], last: str = FIRST) -> None:
        self._file = file
        self.last = last

    def add(self, entry: Mapping[str, object]) -> str:
        """Write one line and hand it to the system: it stays when this process is killed. Returns its digest."""
        line = canonical({**entry, "previous": self.last})
        self._file.write(line + b"\n")
        self._file.flush()
        self.last = digest(line)
        return self.last


@dataclass(frozen=True, slots=True)
class Chained:
    """The lines of a file up to the first that does not fit, and what is wrong with that one."""

    entries: tuple[Entry, ...]
    digests: tuple[str, ...]
    fault: str | None = None

    @property
    def last(self) -> str:
        """The digest of the last line that fits."""
        return self.digests[-1] if self.digests else FIRST


class Lines:
    """The lines of a file with their digests, one after the other, up to the first that does not fit: then `fault` says
    what is wrong with that one. Never raises for what is in the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault: str | None = None

    def __iter__(self) -> Iterator[tuple[Entry, str]]:
        try:
            with self._path.open("rb") as file:
                yield from self._of(file)
        except OSError as error:
            self.fault = f"{self._path.name} cannot be read ({error.strerror})"

    def _of(self, file: IO[bytes]) -> Iterator[tuple[Entry, str]]:
        last = FIRST
        for number, line in enumerate(file, 1):
            where = f"{self._path.name}, line {number}:"
            if not line.endswith(b"\n"):
                self.fault = f"{where} is torn"
                return
            entry = _entry(line[:-1])
            if entry is None:
                self.fault = f"{where} is not a line of a record"
                return
            if entry.get("previous") != last:
                self.fault = f"{where} does not follow the line before it"
                return
            last = digest(line[:-1])
            yield entry, last


def read(path: Path) -> Chained:
    """Read a file of chained lines. Never raises for what is in it."""
    lines = Lines(path)
    found = list(lines)
    return Chained(tuple(entry for entry, _ in found), tuple(digest_ for _, digest_ in found), lines.fault)


def _entry(line: bytes) -> Entry | None:
    """The object that a line holds; None where it is not written as `canonical` does, and could be read in two ways."""
    try:
        value = json.loads(line)
        return value if isinstance(value, dict) and canonical(value) == line else None
    except (ValueError, RecursionError):
        return None
