"""JSON lines that hold together: each carries the digest of the one before, so that none is changed, dropped or moved
unseen. What was cut off at the end shows only against something else: a record's own last line, a seal, the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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


def read(path: Path) -> Chained:
    """Read a file of chained lines. Never raises for what is in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Chained((), (), f"{path.name} cannot be read ({error.strerror})")
    entries: list[Entry] = []
    digests: list[str] = []
    fault = None
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        entry = _entry(line)
        if entry is None:
            fault = f"{path.name}, line {number}: is not a line of a record"
        elif entry.get("previous") != (digests[-1] if digests else FIRST):
            fault = f"{path.name}, line {number}: does not follow the line before it"
        if entry is None or fault:
            break
        entries.append(entry)
        digests.append(digest(line))
    if fault is None and lines[-1]:
        fault = f"{path.name}, line {len(lines)}: is torn"
    return Chained(tuple(entries), tuple(digests), fault)


def _entry(line: bytes) -> Entry | None:
    """The object that a line holds; None where it is not written as `canonical` does, and could be read in two ways."""
    try:
        value = json.loads(line)
        return value if isinstance(value, dict) and canonical(value) == line else None
    except (ValueError, RecursionError):
        return None
