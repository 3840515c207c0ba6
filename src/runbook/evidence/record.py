"""The record of a run: one JSON object a line, written and flushed as it happens."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from runbook.evidence.journal import Fact
from runbook.evidence.redact import Redactor

Outcome = Literal["held", "violated", "unverified", "out of scope"]


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


class RunRecord:
    """`run.jsonl`, open for one run. What is written is redacted first."""

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "run.jsonl"
        self._redactor = redactor
        # Half a surrogate pair is no UTF-8; in JSON its escape is one, so the line still reads back as it was.
        self._file: IO[str] = self.path.open("x", encoding="utf-8", errors="backslashreplace")

    def write(self, type_: str, **entry: object) -> None:
        """Add one line, and hand it to the system: it stays when this process is killed."""
        line = {"type": type_, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry}
        self._file.write(json.dumps(self._redactor.value(line), ensure_ascii=False, separators=(",", ":")) + "\n")
        self._file.flush()

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
