"""A new incident: how bad it is and what it affects, proposed from the run that found it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.clauses import clauses
from runbook.errors import EvidenceError
from runbook.incident import sheet, timeline

if TYPE_CHECKING:
    from runbook.evidence.record import CheckRecord
    from runbook.evidence.run import Run
    from runbook.settings import Settings

SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run's violations come to: the clauses, the worst severity among them, and the paths that they name."""

    clauses: tuple[str, ...]
    severity: str
    closed: tuple[str, ...]


def proposed(run: Run, settings: Settings) -> Proposal:
    """What to open for a run. Raises EvidenceError when nothing is violated in it."""
    violated = [check for check in run.checks.values() if check.outcome == "violated"]
    known = clauses()
    found = sorted({check.clause for check in violated if check.clause in known})
    if not found:
        raise EvidenceError(f"{run.folder}: nothing is violated in it; open the incident with --severity and --why")
    paths = dict.fromkeys(path for check in violated for path in _paths(check, settings))
    return Proposal(tuple(found), min(known[id_].severity for id_ in found), tuple(paths))


def _paths(check: CheckRecord, settings: Settings) -> Iterator[str]:
    """The ways to the data that a check's parameters name: a guarded route, a relation, a function."""
    parameters = check.check.partition("[")[2].removesuffix("]")
    if not parameters:
        return
    if check.check.startswith("checks/rls/"):
        if "(" in parameters:
            yield f"function {parameters[: parameters.rindex(')') + 1]}"
        elif "." in (relation := parameters.partition(" ")[0]):
            yield f"table {relation}"
    else:
        yield from (str(route) for route in settings.api.guarded_routes if str(route) in parameters)


def open_incident(
    incidents: Path, settings: Settings, title: str, run: Run | None, severity: str | None, why: str
) -> timeline.Incident:
    """Make the folder of a new incident. `severity` may differ from the one that the run proposes, with a reason.

    Raises EvidenceError when it says too little of itself.
    """
    proposal = proposed(run, settings) if run is not None else None
    set_ = severity if severity is not None else proposal.severity if proposal is not None else None
    if set_ is None:
        raise EvidenceError("without a run the severity is yours to say: --severity and --why")
    if (proposal is None or set_ != proposal.severity) and len(why.strip()) < SHORTEST_REASON:
        differs = f"the run proposes {proposal.severity}" if proposal is not None else "no run shows it"
        raise EvidenceError(f"{set_} needs --why, {SHORTEST_REASON} characters at least: {differs}")
    folder = _new(incidents)
    closed: Sequence[str] = proposal.closed if proposal is not None else ()
    stays = [f"GET {settings.api.basic_endpoint}"]
    sheet.write(folder, folder.name, title, settings.name, list(closed), [one for one in stays if one not in closed])
    timeline.begin(
        folder,
        title=title,
        target=settings.name,
        severity=set_,
        proposed=proposal.severity if proposal is not None else None,
        why=why.strip(),
        clauses=list(proposal.clauses) if proposal is not None else [],
        run=run.folder.name if run is not None else None,
        record=run.digest if run is not None else None,
    )
    return timeline.read(folder)


def _new(incidents: Path) -> Path:
    """The next folder of today (UTC): whoever opens another one at the same moment gets the one after."""
    incidents.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = incidents / f"{datetime.now(UTC):%Y%m%d}-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise EvidenceError(f"{incidents}: a thousand incidents today; name another folder with --incidents")
