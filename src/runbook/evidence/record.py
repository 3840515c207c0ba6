"""The record of a run: one JSON object a line, chained, written and flushed as it happens."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from runbook.evidence.chain import Chain
from runbook.evidence.journal import Fact
from runbook.evidence.redact import Redactor

RECORD = "run.jsonl"
Outcome = Literal["held", "violated", "unverified", "waived", "out of scope"]
WORST_FIRST: tuple[Outcome, ...] = ("violated", "unverified", "waived", "held", "out of scope")


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """What became of one check. `reason` says why it did not hold; durations in seconds."""

    check: str
    clause: str
    severity: str
    outcome: Outcome
    duration: float
    reason: str | None = None
    observation: list[Fact] = field(default_factory=list)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """What several checks come to together; of none it is not known."""
    return min(outcomes, key=WORST_FIRST.index, default="unverified")


class RunRecord:
    """`run.jsonl`, open for one run: chained lines. What is written is redacted first."""

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / RECORD
        self._redactor = redactor
        self._file: IO[bytes] = self.path.open("xb")
        self._chain = Chain(self._file)

    def write(self, type_: str, **entry: object) -> None:
        """Add one line; it is there even when this process is killed."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        redacted = {name: self._redactor.value(value) for name, value in entry.items()}
        self._chain.add({**redacted, "type": type_, "at": at})

    def check(self, record: CheckRecord) -> None:
        """Add the record of one check."""
        self.write("check", **asdict(record))

    def close(self) -> None:
        """Nothing is added any more."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def new_folder(reports: Path, settings: str) -> Path:
    """A folder for one run, named for its start in UTC, its settings file and its process."""
    return reports / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{settings}-{os.getpid()}"
