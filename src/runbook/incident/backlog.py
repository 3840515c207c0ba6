"""I2: a bug fix that a run shows to be needed is entered in the Backlog Registry once; the run that holds closes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.clauses import clauses
from runbook.errors import EvidenceError, Unverified
from runbook.evidence.run import Run
from runbook.evidence.run import read as read_run
from runbook.evidence.summary import name
from runbook.incident.registry import (
    LABEL,
    Entry,
    What,
    fingerprint_of,
    held,
    read,
    refuse_what_would_be_lost,
    write,
)

if TYPE_CHECKING:
    from runbook.incident.delivery import Delivery
    from runbook.incident.timeline import Incident
    from runbook.settings import Settings

SEVERITY = "P2"


@dataclass(frozen=True, slots=True)
class Violated:
    """A check's function that a run violates, and its clause."""

    clause: str
    check: str

    def fingerprint(self, target: str) -> str:
        """What an entry of it is known by."""
        return fingerprint_of(target, self.clause, self.check)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry that a run changed, or that its webhook had not taken; `delivery` is what that made of it, None where
    the settings name none."""

    what: What
    entry: Entry
    delivery: Delivery | None


def violated(run: Run) -> list[Violated]:
    """The functions of P2 checks that a run violates, in the order of its record."""
    known = clauses()
    return list(
        dict.fromkeys(
            Violated(check.clause, check.check.partition("[")[0])
            for check in run.checks.values()
            if check.outcome == "violated" and check.clause in known and known[check.clause].severity == SEVERITY
        )
    )


def record(path: Path, settings: Settings, run: Run) -> list[Recorded]:
    """Enter what a run violates, close what it proves, and tell the webhook of the settings.

    What that has not taken is told again the next time. Raises EvidenceError for a run of another target or one without
    an end, SettingsError for a registry that cannot be kept as it is.
    """
    if run.start.get("target") != settings.name:
        raise EvidenceError(f"{run.folder.name} is a run of {run.start.get('target')}, not of {settings.name}")
    if run.began is None or run.ended is None:
        raise EvidenceError(f"{run.folder.name} did not come to its end: run the checks again")
    url = settings.incidents.backlog_url
    with held(path):
        before = {entry.fingerprint: entry for entry in read(path)}
        refuse_what_would_be_lost(path, before.values())
        changes = _changes(before, settings, run, run.began, run.ended)
        after = before | {
            fingerprint: entry.model_copy(update={"unsent": what}) if url is not None else entry
            for fingerprint, (what, entry) in changes.items()
        }
        write(path, after.values(), before.values())
        told = _told(path, after, url.get_secret_value(), settings.incidents.deliver_within) if url is not None else {}
    what_of = {fingerprint: after[fingerprint].unsent for fingerprint in told} | {
        fingerprint: what for fingerprint, (what, _) in changes.items()
    }
    return [Recorded(what, after[one], told.get(one)) for one, what in what_of.items() if what is not None]


def _changes(
    there: Mapping[str, Entry], settings: Settings, run: Run, began: datetime, ended: datetime
) -> dict[str, tuple[What, Entry]]:
    """What a run changes of the entries, by fingerprint; nothing where a later run has had its say."""
    changes: dict[str, tuple[What, Entry]] = {}
    due = ended.date() + timedelta(days=settings.incidents.due_days)
    for one in violated(run):
        fingerprint = one.fingerprint(settings.name)
        entry = there.get(fingerprint)
        if entry is None:
            new = Entry(
                fingerprint=fingerprint,
                label=LABEL,
                title=name(one.check),
                target=settings.name,
                clause=one.clause,
                check=one.check,
                opened=ended,
                run=run.folder.name,
                due=due,
            )
            changes[fingerprint] = ("opened", new)
        elif entry.closed is not None and began > entry.closed:
            again = {"reopened": ended, "run": run.folder.name, "due": due, "closed": None, "closed_by": None}
            changes[fingerprint] = ("reopened", entry.model_copy(update=again))
    for fingerprint, entry in there.items():
        since = entry.reopened or entry.opened
        if entry.is_open and entry.target == settings.name and began > since and _held(run, entry.check):
            closing = {"closed": ended, "closed_by": run.folder.name}
            changes[fingerprint] = ("closed", entry.model_copy(update=closing))
    return changes


def _held(run: Run, check: str) -> bool:
    """Whether every case of a check was run and held, in a run that left nothing out."""
    cases = [id_ for id_ in run.required if id_.partition("[")[0] == check]
    return bool(cases) and not run.judgement.gaps and all(run.checks[id_].outcome == "held" for id_ in cases)


def _told(path: Path, entries: Mapping[str, Entry], url: str, within: float) -> dict[str, Delivery]:
    """Tell the webhook what it has not taken yet, and keep in the file what it has."""
    from runbook.incident.delivery import each_within, webhook

    sends = {one.fingerprint: webhook(url, payload(one.unsent, one)) for one in entries.values() if one.unsent}
    told = dict(each_within(within, sends))
    left = {
        fingerprint: entries[fingerprint].model_copy(update={"unsent": None})
        for fingerprint, delivery in told.items()
        if delivery.delivered
    }
    write(path, {**entries, **left}.values(), entries.values())
    return told


def payload(what: What, entry: Entry) -> dict[str, object]:
    """What the webhook gets; docs/escalate.md explains the keys."""
    return {"event": what, **entry.model_dump(mode="json", exclude={"unsent"})}


def found_by(incident: Incident, reports: Path) -> Run:
    """The run that an incident was opened from, among these reports. Raises Unverified when it is not there."""
    named = incident.entries[0].get("run")
    if not isinstance(named, str):
        raise Unverified(f"no run shows what {incident.id} is about; open an incident with --run")
    run = read_run(reports / named, observations=False)
    if run.digest != incident.entries[0].get("record"):
        raise Unverified(f"the run {named} is not in {reports}, or is not what it was when {incident.id} was opened")
    if not violated(run):
        raise Unverified(f"the run {named} violates no {SEVERITY} check, so nothing of it belongs into the backlog")
    return run


def missing(incident: Incident, run: Run, entries: Iterable[Entry]) -> list[str]:
    """What a run violates and no entry asks for, unless it was closed after the incident was opened."""
    there = {entry.fingerprint for entry in entries if entry.closed is None or entry.closed > incident.began}
    return [name(one.check) for one in violated(run) if one.fingerprint(incident.sheet.target) not in there]
