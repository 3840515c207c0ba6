"""`timeline.jsonl`: what happened in an incident, when (UTC) and by whom. It is chained, and only grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from runbook.errors import EvidenceError
from runbook.evidence import chain
from runbook.evidence.chain import Chain, Entry, digest
from runbook.evidence.origin import user
from runbook.evidence.redact import Redactor
from runbook.incident.sheet import SHEET, Sheet
from runbook.incident.sheet import read as read_sheet
from runbook.locks import locked

TIMELINE = "timeline.jsonl"
LOCK = ".timeline.lock"
Kind = Literal[
    "opened", "note", "severity", "asked", "acknowledged", "contained", "changed", "approved", "resolved", "closed"
]
SEVERITIES = ("P0", "P1", "P2")


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as its sheet and its timeline tell it. `digests` are those of the timeline's lines."""

    folder: Path
    sheet: Sheet
    entries: tuple[Entry, ...]
    digests: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its name, and its folder's."""
        return self.folder.name

    @property
    def began(self) -> datetime:
        """When it was opened (UTC)."""
        return datetime.fromisoformat(str(self.entries[0]["at"]))

    @property
    def severity(self) -> str:
        """The severity as it was set last."""
        return str(next(one["severity"] for one in reversed(self.entries) if "severity" in one))

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses whose violation opened it."""
        found = self.entries[0].get("clauses")
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def state(self) -> str:
        """`open`, `resolved` or `closed`."""
        return next(
            (str(one["type"]) for one in reversed(self.entries) if one["type"] in ("resolved", "closed")), "open"
        )

    def must_be_of(self, target: str) -> None:
        """Raises EvidenceError for settings of another target than the incident's."""
        if self.sheet.target != target:
            told = f"{self.id} is an incident of {self.sheet.target}, and the settings are of {target}"
            raise EvidenceError(f"{told}: name those of {self.sheet.target} with --target")

    def of(self, kind: Kind) -> list[Entry]:
        """The lines of one kind, in order."""
        return [entry for entry in self.entries if entry["type"] == kind]


@dataclass(frozen=True, slots=True)
class Held:
    """An incident while nobody else can add to it."""

    incident: Incident
    _chain: Chain

    def add(self, kind: Kind, **said: object) -> str:
        """Add a line, without what looks like a secret, and return its digest. It stays when this process is killed."""
        return self._chain.add({**_safe(said), "type": kind, "at": now(), "by": user()})


def now() -> str:
    """The time as the timeline writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def found(incidents: Path, id_: str) -> Path:
    """The folder of an incident. Raises EvidenceError when there is none, and says which there are."""
    folder = incidents / id_
    if Path(id_).name != id_ or not (folder / TIMELINE).exists():
        there = sorted(path.parent.name for path in incidents.glob(f"*/{TIMELINE}"))
        known = f"there is {', '.join(there)}" if there else "there is none yet"
        raise EvidenceError(f"{incidents} has no incident {id_!r}; {known}")
    return folder


def read(folder: Path) -> Incident:
    """An incident. Raises EvidenceError when its timeline was changed, or its sheet after it was closed, SettingsError
    when its sheet is not right."""
    chained = chain.read(folder / TIMELINE)
    if chained.fault:
        raise EvidenceError(f"{folder}: {chained.fault}; the timeline only grows: restore it before going on")
    first = chained.entries[0] if chained.entries else {}
    if first.get("type") != "opened" or first.get("severity") not in SEVERITIES or first.get("id") != folder.name:
        raise EvidenceError(f"{folder / TIMELINE}: does not begin with the opening of {folder.name}")
    last = chained.entries[-1]
    if last["type"] == "closed" and last.get("sheet") != digest((folder / SHEET).read_bytes()):
        raise EvidenceError(f"{folder / SHEET}: was edited after {last['by']} closed the incident; restore it")
    return Incident(folder, read_sheet(folder), chained.entries, chained.digests)


@contextmanager
def held(folder: Path) -> Iterator[Held]:
    """Hold an incident to add to it. Raises what `read` does, and EvidenceError when another holds it for long."""
    with locked(folder / LOCK):
        incident = read(folder)
        if incident.state == "closed":
            raise EvidenceError(f"{incident.id} is closed: open another incident")
        with (folder / TIMELINE).open("ab") as file:
            yield Held(incident, Chain(file, incident.digests[-1]))


def begin(folder: Path, **said: object) -> None:
    """Write the first line of a new incident's timeline. Raises FileExistsError."""
    with locked(folder / LOCK), (folder / TIMELINE).open("xb") as file:
        Chain(file).add({**_safe(said), "type": "opened", "id": folder.name, "at": now(), "by": user()})


def _safe(said: Mapping[str, object]) -> Entry:
    redact = Redactor().value
    return {name: redact(value) for name, value in said.items()}
