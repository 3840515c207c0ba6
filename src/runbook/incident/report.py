"""The report of an incident, as Markdown and as one page: derived from its sheet, its timeline and the runs alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.clauses import clauses
from runbook.errors import RunbookError
from runbook.evidence.chain import Entry
from runbook.evidence.page.text import duration, moment, showable
from runbook.evidence.redact import Redactor
from runbook.incident import registry
from runbook.incident.aftermath import Ran, Recovery, proved_after_the_last_change, recovery, runs
from runbook.incident.changes import Change, changes, lacking, unproven
from runbook.incident.timeline import Incident
from runbook.incident.words import WORDS
from runbook.pages import template

if TYPE_CHECKING:
    from runbook.settings import Settings

View = dict[str, object]
WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline in words; `at` is in UTC."""

    time: datetime
    by: str
    kind: str
    text: str

    @property
    def at(self) -> str:
        """When, as people write it."""
        return str(moment(self.time))


def steps(incident: Incident) -> list[Step]:
    """The timeline in words."""
    return [
        Step(datetime.fromisoformat(str(one["at"])), str(one["by"]), str(one["type"]), _in_words(one))
        for one in incident.entries
    ]


def _in_words(entry: Entry) -> str:
    said = {name: _plain(value) for name, value in entry.items()}
    told = {
        "opened": "{severity}: {title}",
        "note": "{text}",
        "severity": "{severity}: {why}",
        "acknowledged": "{name} ({role})",
        "contained": "closed: {closed}",
        "changed": "{what}: {text} {reference}",
        "approved": "change {number}, key {key}",
        "resolved": "{text}",
        "closed": "run {run}",
    }
    if entry["type"] == "asked":
        return f"{said['role']}, {said['channel'] or '-'}: " + (
            "delivered" if entry.get("delivered") else f"NOT DELIVERED ({said['reason']})"
        )
    try:
        return told.get(str(entry["type"]), "").format(**said).strip()
    except KeyError:
        return ""


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "" if value is None else str(value)


def write(incident: Incident, reports: Path, settings: Settings, backlog: Path) -> list[Path]:
    """Write `report.md` and `report.html` into the incident's folder, without any secret of the settings. `backlog`:
    the file of the Backlog Registry."""
    view = Redactor(settings.secrets()).value(_view(incident, reports, settings, backlog))
    given = {"page": view, "languages": settings.languages, "words": WORDS}
    text = template("incident", "report.md.jinja", escaped=False).render(**given)
    page = template("incident", "report.html.jinja").render(**given)
    written = {"report.md": text, "report.html": page}
    for name, content in written.items():
        (incident.folder / name).write_text(showable(content), encoding="utf-8", errors="backslashreplace")
    return [incident.folder / name for name in written]


def _view(incident: Incident, reports: Path, settings: Settings, backlog: Path) -> View:
    ran = runs(reports, incident.sheet.target)
    found = recovery(incident, ran)
    told, sheet, known = steps(incident), incident.sheet, clauses()
    return {
        "title": f"{incident.severity} {incident.id}: {sheet.title}",
        "severity": incident.severity,
        "state": incident.state,
        "target": sheet.target,
        "what": sheet.summary.what.strip(),
        "impact": sheet.summary.impact.strip(),
        "opened": moment(incident.began),
        "detected": _run(found.violated),
        "recovered": _run(found.recovered),
        "time": duration(found.time.total_seconds()) if found.time is not None else None,
        "clauses": [
            {"id": id_, "severity": known[id_].severity, "wording": known[id_].wording}
            for id_ in incident.clauses
            if id_ in known
        ],
        "paths": list(sheet.closed),
        "requests": _requests(incident, found, settings),
        "steps": [{"at": one.at, "by": one.by, "kind": one.kind, "text": one.text} for one in told],
        "picture": _picture(told, ran),
        "changes": [_change(incident, made, settings) for made in changes(incident)],
        "validated": [
            {"section": section, "proof": _run(proved_after_the_last_change(incident, ran, section))}
            for section in ("health", "rls")
        ],
        "documents": list(sheet.documents.changed),
        "not_needed": sheet.documents.not_needed.strip(),
        "backlog": _backlog(backlog, settings),
        "command": f"pytest checks/post_incident --incident={incident.id}",
    }


def _run(one: Ran | None) -> View | None:
    if one is None:
        return None
    sealed = "sealed" if one.sealed else "not sealed"
    return {"name": one.name, "at": moment(one.began), "verdict": one.verdict, "seal": sealed, "digest": one.digest}


def _change(incident: Incident, made: Change, settings: Settings) -> View:
    return {
        "number": made.number,
        "what": made.what,
        "text": made.text,
        "reference": made.reference,
        "at": moment(datetime.fromisoformat(made.at)),
        "by": made.by,
        "evidence": [{"name": name, "digest": value} for name, value in made.evidence.items()],
        "faults": [*unproven(incident, made), *filter(None, [lacking(incident, made, settings)])],
    }


def _backlog(path: Path, settings: Settings) -> list[View]:
    """The open entries of the Backlog Registry; the reason where it cannot be read."""
    try:
        entries = registry.read(path)
    except RunbookError as error:
        return [{"title": str(error), "due": "", "clause": ""}]
    return [
        {"title": entry.title, "due": str(entry.due or ""), "clause": entry.clause}
        for entry in entries
        if entry.closed is None and entry.target == settings.name
    ]


def _requests(incident: Incident, found: Recovery, settings: Settings) -> list[View] | str:
    """The errors that the API's log has of the time from the first violated run to the recovery, by code and route;
    why they could not be counted."""
    if settings.logs is None:
        return "the settings have no [logs]"
    from runbook.incident.impact import counted

    begin = found.violated.began if found.violated is not None else incident.began
    end = found.recovered.ended if found.recovered is not None else datetime.now(UTC)
    try:
        return [dict(row) for row in counted(settings, begin, end)]
    except RunbookError as error:
        return str(error)


def _picture(told: list[Step], ran: list[Ran]) -> View:
    """Where each step and each run stands between the first and the last moment, in thousandths."""
    around = timedelta(minutes=1)
    first, last = told[0].time, told[-1].time
    concerned = [one for one in ran if first - timedelta(days=1) <= one.began <= last + timedelta(days=1)]
    begin = min([first, *(one.began for one in concerned)]) - around
    end = max([last, *(one.ended for one in concerned)]) + around

    def place(time: datetime) -> float:
        return round((time - begin) / (end - begin) * WIDTH, 1)

    return {
        "steps": [{"x": place(one.time), "kind": one.kind, "text": f"{one.at}: {one.text}"} for one in told],
        "runs": [
            {
                "x": place(one.began),
                "width": max(place(one.ended) - place(one.began), 4.0),
                "verdict": one.verdict,
                "text": f"{moment(one.began)}: {', '.join(one.sections)}, {one.verdict}",
            }
            for one in concerned
        ],
        "ticks": [moment(begin + (end - begin) * part / 4) for part in range(5)],
    }
