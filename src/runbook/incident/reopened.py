"""Whether access was opened again by a verdict, after it was proved closed: from then on it need not be closed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from runbook.errors import EvidenceError
from runbook.evidence import ledger
from runbook.evidence.record import RECORD
from runbook.evidence.run import read
from runbook.incident.timeline import Incident


def proved_closed(reports: Path, incident: Incident, check: str) -> str | None:
    """The run in which a check held while the incident was contained, before a verdict opened access again; None where
    there is none, or nothing was opened."""
    contained = incident.of("contained")
    if not contained:
        return None
    since = datetime.fromisoformat(str(contained[-1]["at"]))
    opened = _opened(reports, incident, since)
    if opened is None:
        return None
    for path in sorted(reports.glob(f"*/{RECORD}")):
        run = read(path.parent, observations=False)
        if run.start.get("incident") != incident.id or run.began is None or run.ended is None:
            continue
        found = run.checks.get(check)
        if found is not None and found.outcome == "held" and since < run.began and run.ended < opened:
            return path.parent.name
    return None


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
