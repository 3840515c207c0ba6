"""What the runs say of an incident: when it began and was over, and whether all was proved after the last change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from runbook.errors import EvidenceError
from runbook.evidence.chain import digest
from runbook.evidence.record import RECORD
from runbook.evidence.run import read
from runbook.evidence.seal import SEAL
from runbook.incident.changes import changes
from runbook.incident.sheet import SHEET
from runbook.incident.timeline import Incident, held


@dataclass(frozen=True, slots=True)
class Ran:
    """What is kept of a run: its folder's name, when (UTC), its sections and verdict, and each clause's outcome."""

    name: str
    began: datetime
    ended: datetime
    sections: tuple[str, ...]
    verdict: str
    clauses: dict[str, str]
    digest: str
    sealed: bool
    incident: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """From the first run that found it to the first that proved it over; None where there is no such run yet."""

    violated: Ran | None
    recovered: Ran | None

    @property
    def time(self) -> timedelta | None:
        """How long it took."""
        if self.violated is None or self.recovered is None:
            return None
        return self.recovered.ended - self.violated.ended


def runs(reports: Path, target: str) -> list[Ran]:
    """The runs of a target that came to an end, by time. A record that is not whole counts as it is judged."""
    found = []
    for path in sorted(reports.glob(f"*/{RECORD}")):
        run = read(path.parent, observations=False)
        if run.start.get("target") != target or run.began is None or run.ended is None:
            continue
        sections = run.start.get("sections")
        found.append(
            Ran(
                path.parent.name,
                run.began,
                run.ended,
                tuple(map(str, sections)) if isinstance(sections, list) else (),
                str(run.judgement.verdict),
                {result.clause.id: result.outcome for result in run.judgement.clauses},
                run.digest,
                (path.parent / SEAL).exists(),
                str(run.start["incident"]) if run.start.get("incident") else None,
            )
        )
    return sorted(found, key=lambda one: one.began)


def recovery(incident: Incident, ran: Sequence[Ran]) -> Recovery:
    """When the incident's clauses were first violated, after they last held before it was opened, and when each was
    proved again by a run that PASSED after that."""
    wanted = set(incident.clauses)
    concerned = [one for one in ran if wanted & one.clauses.keys()]
    violated: Ran | None = None
    for one in concerned:
        bad = any(one.clauses.get(clause) == "violated" for clause in wanted)
        if one.began > incident.began and violated is not None:
            break
        if bad and violated is None:
            violated = one
        elif not bad and one.verdict == "PASSED" and wanted <= one.clauses.keys():
            violated = None
    if violated is None:
        return Recovery(None, None)
    passed = (
        one
        for one in concerned
        if one.began >= max(violated.ended, incident.began) and one.verdict == "PASSED" and wanted <= one.clauses.keys()
    )
    return Recovery(violated, next(passed, None))


def proved_after_the_last_change(incident: Incident, ran: Iterable[Ran], section: str) -> Ran | None:
    """The first run of a section that began after the last change and PASSED; None where there is none."""
    last = max((datetime.fromisoformat(one.at) for one in changes(incident)), default=incident.began)
    return next(
        (one for one in ran if one.began > last and section in one.sections and one.verdict == "PASSED"),
        None,
    )


def newest(ran: Iterable[Ran], section: str) -> Ran | None:
    """The run of a section that began last."""
    return max((one for one in ran if section in one.sections), key=lambda one: one.began, default=None)


def close(folder: Path, reports: Path) -> str:
    """Close an incident whose aftermath was proved since its last step; returns the name of the run that did.

    Raises EvidenceError when there is none.
    """
    with held(folder) as book:
        last = datetime.fromisoformat(str(book.incident.entries[-1]["at"]))
        proof = next(
            (
                one
                for one in runs(reports, book.incident.sheet.target)
                if one.incident == book.incident.id
                and one.began > last
                and "post_incident" in one.sections
                and one.verdict == "PASSED"
            ),
            None,
        )
        if proof is None:
            prove = f"pytest checks/post_incident --incident={book.incident.id}"
            raise EvidenceError(f"{book.incident.id}: no run has proved since its last step that all is done: {prove}")
        book.add("closed", run=proof.name, record=proof.digest, sheet=digest((folder / SHEET).read_bytes()))
    return proof.name
