"""`backlog.toml`: the file of the Backlog Registry, which takes nothing but bug fixes and loses nothing. Times in UTC.

It is this module's own; of what people may change, `due` alone is kept.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, ValidationError

from runbook.clauses import clauses
from runbook.errors import EvidenceError, SettingsError
from runbook.evidence.chain import digest
from runbook.evidence.summary import name
from runbook.locks import locked
from runbook.settings_values import Frozen
from runbook.toml_file import document_in, faults_of
from runbook.toml_file import written as as_toml

LABEL = "IMPROVEMENT (BUGFIX ONLY)"
KIND = "bugfix"
HEADER = """\
# The Backlog Registry. `runbook backlog record` writes this file: an entry comes from a run that violates a P2 clause,
# and is closed by the first run that holds. Only `due` may be changed by hand; anything else is refused.
"""
What = Literal["opened", "reopened", "closed"]


def fingerprint_of(target: str, clause: str, check: str) -> str:
    """What an entry is known by."""
    return digest(f"{target}\n{clause}\n{check}".encode())


class Entry(Frozen):
    """A bug fix that is needed, or was: `unsent` is what the webhook of the settings has not taken yet."""

    fingerprint: str
    kind: str = KIND
    label: str = ""
    title: str
    target: str
    clause: str
    check: str
    opened: AwareDatetime
    run: str
    due: date | None = None
    reopened: AwareDatetime | None = None
    closed: AwareDatetime | None = None
    closed_by: str | None = None
    unsent: What | None = None

    @property
    def is_open(self) -> bool:
        """Whether no run has held since."""
        return self.closed is None

    def overdue(self, today: date) -> bool:
        """Whether it is still open after its due date."""
        return self.is_open and self.due is not None and self.due < today


class Registry(Frozen):
    """What stands in the file."""

    entry: tuple[Entry, ...] = ()


def without_label_or_due_date(entry: Entry) -> Iterator[str]:
    """What keeps an entry from being scheduled."""
    if entry.label != LABEL:
        yield f"label: must be {LABEL!r}"
    if entry.due is None:
        yield "due: is missing"


def asking_for_a_feature(entry: Entry) -> Iterator[str]:
    """What an entry asks for beyond that a check holds again."""
    if entry.kind != KIND:
        yield f"kind: must be {KIND!r}: no feature is scheduled here"
    if entry.title != name(entry.check):
        yield f"title: must be {name(entry.check)!r}, what the check says: no feature is scheduled here"
    if entry.fingerprint != fingerprint_of(entry.target, entry.clause, entry.check):
        yield "fingerprint: is not that of its target, clause and check: an entry comes from a run"
    if entry.is_open and entry.check not in (clauses()[entry.clause].checks if entry.clause in clauses() else ()):
        yield f"check: {entry.clause} of the runbook has no {entry.check}: an entry asks that a check holds again"


def entries_in(path: Path) -> tuple[Entry, ...]:
    """What stands in a registry, whether it may or not; none yet is an empty one. Raises SettingsError."""
    if not path.exists():
        return ()
    try:
        return Registry.model_validate(document_in(path)).entry
    except ValidationError as error:
        raise SettingsError([f"{path}: {key}: {fault}" for key, fault in faults_of(error, Registry)]) from None


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a registry. Raises SettingsError with a line for each thing that may not stand there."""
    entries = entries_in(path)
    faults = [
        f"{path}: entry.{number}.{fault}"
        for number, entry in enumerate(entries)
        for fault in (*without_label_or_due_date(entry), *asking_for_a_feature(entry))
    ]
    known: dict[str, int] = {}
    for number, entry in enumerate(entries):
        first = known.setdefault(entry.fingerprint, number)
        if first != number:
            faults.append(f"{path}: entry.{number}.fingerprint: stands at entry.{first} already")
    if faults:
        raise SettingsError(faults)
    return entries


def write(path: Path, entries: Iterable[Entry], before: Iterable[Entry]) -> None:
    """Put the registry in the place of the old one, whole or not at all; untouched where nothing is new.

    Raises EvidenceError when it cannot be written.
    """
    new = list(entries)
    if new == list(before):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(written(new))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written ({error.strerror}), and is as it was") from None


def written(entries: Iterable[Entry]) -> str:
    """The registry as text: the one way in which these entries are written."""
    blocks = [HEADER]
    for entry in entries:
        lines = [f"{key} = {as_toml(value)}" for key, value in entry if value is not None]
        blocks.append("\n".join(["[[entry]]", *lines, ""]))
    return "\n".join(blocks)


def refuse_what_would_be_lost(path: Path, entries: Iterable[Entry]) -> None:
    """Comments, or another order, are somebody's; this module would write the file without them."""
    if not path.exists():
        return
    there, ours = path.read_text(encoding="utf-8").splitlines(), written(entries).splitlines()
    if there != ours:
        number = next(
            (n for n, (a, b) in enumerate(zip(there, ours, strict=False)) if a != b), min(len(there), len(ours))
        )
        told = f"line {number + 1} is not as `runbook backlog record` writes it, and would be lost"
        raise SettingsError([f"{path}: {told}; put it back as it was, only `due` may be changed"])


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a registry to change it. Raises EvidenceError when another does so for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(f".{path.name}.lock")):
        yield


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """The open ones by their due date, then those that are closed, the latest first."""
    still = sorted((one for one in entries if one.is_open), key=lambda one: one.due or date.max)
    done = sorted((one for one in entries if one.closed), key=lambda one: str(one.closed), reverse=True)
    return [*still, *done]
