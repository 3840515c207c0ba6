"""Whether access was opened again by a verdict, after it was proved closed: from then on it need not be closed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from runbook.errors import EvidenceError
from runbook.evidence import ledger
from runbook.evidence.record import RECORD
from runbook.evidence.run import read
from runbook.incident.timeline import Incident


def proved_closed(reports: Path, incident: Incident) -> dict[str, str]:
    """The checks that held while the incident was contained, before a verdict opened access again, each with the first
    run in which it did; none where nothing was opened."""
    proved: dict[str, str] = {}
    contained = incident.of("contained")
    since = datetime.fromisoformat(str(contained[-1]["at"])) if contained else None
    opened = _opened(reports, incident, since) if since is not None else None
    if since is None or opened is None:
        return proved
    for path in sorted(reports.glob(f"*/{RECORD}")):
        run = read(path.parent, observations=False)
        if run.start.get("incident") != incident.id or run.began is None or run.ended is None:
            continue
        if since < run.began and run.ended < opened:
            held = (id_ for id_, check in run.checks.items() if check.outcome == "held")
            proved = {**dict.fromkeys(held, path.parent.name), **proved}
    return proved


def _opened(reports: Path, incident: Incident, since: datetime) -> datetime | None:
    """When a verdict opened access to the incident's target, first after a time."""
    for line in ledger.read(reports).entries:
        at = datetime.fromisoformat(str(line["at"]))
        if line.get("type") != "opened" or at <= since:
            continue
        gate = reports / str(line["run"]) / "gate"
        try:
            opened = ledger.signed("opened", gate / "opened.json").predicate
            verdict = ledger.signed("verdict", gate / "verdict.json").predicate
        except EvidenceError:
            continue
        if (verdict.get("target"), opened.get("exit_code")) == (incident.sheet.target, 0):
            return at
    return None
