"""Lines of JSON, read fast: a whole block at once, or line by line where one of them is not as it should be."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from runbook.logs.sources import Block
    from runbook.logs.window import Window

Values = tuple[Any, ...]
SHOWN = 5
RESOLUTION = 1.0
"""Seconds; some logs write no fractions."""


@dataclass(slots=True)
class Read:
    """What was read of a log: lines by what became of them. `places` are those of the first malformed ones."""

    lines: int = 0
    malformed: int = 0
    places: list[str] = field(default_factory=list)
    before: int = 0
    newest_before: datetime | None = None
    ahead: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def is_malformed(self, source: str, line: int, why: str) -> None:
        """Count a line that says nothing; only where it stands is kept, not what is in it."""
        self.malformed += 1
        if len(self.places) < SHOWN:
            self.places.append(f"{source}, line {line}: {why}")

    def in_window(self, moment: datetime, window: Window, latest: datetime) -> bool:
        """Count a line by its time, and say whether it belongs to the window. What comes after `latest` has not
        happened yet. The window does not end the reading: what is written meanwhile counts too."""
        if moment < window.since:
            self.before += 1
            self.newest_before = moment if self.newest_before is None else max(self.newest_before, moment)
            return False
        if moment > latest:
            self.ahead += 1
            return False
        if self.first is None or moment < self.first:
            self.first = moment
        if self.last is None or moment > self.last:
            self.last = moment
        return True

    def obstacle(self, window: Window) -> str | None:
        """Why nothing can be concluded from what was read, if so: no line of the window, or lines of the future."""
        if self.ahead:
            return f"{self.ahead} lines of the log lie in the future: its clock and this machine's are apart"
        if self.first is not None:
            return None
        if not self.lines:
            return "the log is empty"
        ended = f"; it ends at {shown(self.newest_before)} UTC" if self.newest_before is not None else ""
        return f"the log has no line of the window, {window}{ended}"

    @property
    def share_malformed(self) -> float:
        """The share of all lines that could not be read: 0 to 1."""
        return self.malformed / self.lines if self.lines else 0.0


class Lines:
    """Reads the values at some paths out of every line; nothing else of it is built."""

    def __init__(self, paths: Sequence[str]) -> None:
        tops = list(dict.fromkeys(path.partition(".")[0] for path in paths))
        names = [(f"k{index}", Any, msgspec.field(name=top, default=None)) for index, top in enumerate(tops)]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Line", names, gc=False))
        wanted = [f"k{tops.index(path.partition('.')[0])}" for path in paths]
        self._values: Callable[[Any], Values] = operator.attrgetter(*wanted)
        self._nested = [(index, path.split(".")[1:]) for index, path in enumerate(paths) if "." in path]

    def of(self, block: Block, read: Read) -> Iterator[Values]:
        """The values of each line, in the order of the paths, None where it has none; no values at all for a line that
        is blank or no object of JSON. Both are counted here. At least two paths are read."""
        found = self._at_once(block)
        if found is None:
            yield from self._one_by_one(block, read)
            return
        read.lines += len(found)
        if not self._nested:
            yield from map(self._values, found)
        else:
            yield from map(self._dug, found)

    def _at_once(self, block: Block) -> list[Any] | None:
        """Where every line begins and ends as an object does. In JSON an object follows another, with neither comma nor
        colon between, outside of everything alone: so each end of a line is between two, and as many objects as lines
        are one a line."""
        lines = block.data.removesuffix(b"\n")
        ends = lines.count(b"\n")
        if not lines.startswith(b"{") or lines.count(b"}\n{") != ends:
            return None
        try:
            found: list[Any] = self._decoder.decode_lines(lines)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        return found if len(found) == ends + 1 else None

    def _one_by_one(self, block: Block, read: Read) -> Iterator[Values]:
        lines = block.data.split(b"\n")
        for number, line in enumerate(lines, block.first):
            if not line.strip():
                yield ()
                continue
            try:
                found = self._decoder.decode(line)
            except (msgspec.DecodeError, ValueError, RecursionError):
                if number == block.first + len(lines) - 1:
                    continue  # without its end it is still being written
                read.lines += 1
                read.is_malformed(block.source, number, "no object of JSON")
                yield ()
                continue
            read.lines += 1
            yield self._dug(found)

    def _dug(self, line: object) -> Values:
        values = list(self._values(line))
        for index, steps in self._nested:
            for step in steps:
                values[index] = values[index].get(step) if isinstance(values[index], dict) else None
        return tuple(values)


def latest(apart: float) -> datetime:
    """The latest time that a line can have by now, if the clock that wrote it is at most `apart` seconds ahead."""
    return datetime.now(UTC) + timedelta(seconds=apart + RESOLUTION)


def shown(moment: datetime) -> str:
    """A time to the second, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
