"""Folders of runs at times of one's own, for the index: their records are chained, and none of them ever ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from runbook.clauses import clauses, of_section
from runbook.evidence.chain import Chain
from runbook.evidence.record import RECORD, Outcome


def write_run(
    reports: Path,
    began: datetime,
    outcomes: Mapping[str, Outcome] = {},
    *,
    sections: Sequence[str] = ("health",),
    target: str = "mine",
    each: int = 1,
    gaps: Sequence[str] = (),
    killed: bool = False,
    start: Mapping[str, object] = {},
) -> Path:
    """A run in which everything held but what `outcomes` says of clauses: the first check of each."""
    folder = reports / f"{began:%Y%m%dT%H%M%SZ}-{target[:20]}-1"
    folder.mkdir(parents=True)
    checks = [
        (f"{check}[{number}]", clause, outcomes.get(clause.id, "held") if check == clause.checks[0] else "held")
        for section in sections
        for clause in of_section(section)
        for check in clause.checks
        for number in range(each)
    ]
    found = {outcome for _, _, outcome in checks}
    verdict = "FAILED" if "violated" in found else "INCONCLUSIVE" if gaps or "unverified" in found else "PASSED"
    waives = [
        {"waives": one, "reason": "it is moved to another host", "owner": "Sari", "expires": "2999-01-31T00:00:00Z"}
        for one in clauses()
    ]
    at, later = began.isoformat(), (began + timedelta(seconds=20)).isoformat()
    with (folder / RECORD).open("wb") as file:
        lines = Chain(file)
        about = {"by": "ayu", "host": "ops-1", "severity": "production", "commit": "c0ffee" * 6, "waivers": waives}
        lines.add({**about, "type": "start", "at": at, "target": target, "sections": list(sections), **start})
        lines.add({"type": "plan", "at": at, "required": [check for check, _, _ in checks]})
        for check, clause, outcome in checks:
            held = {"check": check, "clause": clause.id, "severity": clause.severity, "outcome": outcome}
            lines.add({"type": "check", "at": later, "duration": 0.1, "reason": None, "observation": [], **held})
        if not killed:
            lines.add({"type": "verdict", "at": later, "verdict": verdict, "gaps": list(gaps)})
    return folder
