"""Whether the evidence of an incident is whole: every file and run that its timeline names, as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import envelope
from runbook.evidence.chain import digest
from runbook.evidence.run import read
from runbook.incident.changes import TYPE, changes, unproven

if TYPE_CHECKING:
    from runbook.evidence.chain import Entry
    from runbook.incident.timeline import Incident


def faults(incident: Incident, reports: Path) -> list[str]:
    """What is gone, or not as it was when the timeline named it."""
    found = [fault for entry in incident.entries for fault in _faults(incident.folder, reports, entry)]
    return list(dict.fromkeys([*found, *(fault for made in changes(incident) for fault in unproven(incident, made))]))


def _faults(folder: Path, reports: Path, entry: Entry) -> Iterator[str]:
    if entry.get("run") and read(reports / str(entry["run"]), observations=False).digest != entry.get("record"):
        yield f"the record of run {entry['run']} is gone, or was changed since"
    if not entry.get("file"):
        return
    path = folder / str(entry["file"])
    try:
        signed = entry["type"] == "approved"
        same = (envelope.read(path, TYPE).digest if signed else digest(path.read_bytes())) == entry.get("digest")
    except (OSError, EvidenceError):
        same = False
    if not same:
        yield f"{path.name} is gone, or was changed since"
