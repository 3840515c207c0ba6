"""OSCAL 1.2.1 (https://pages.nist.gov/OSCAL): the assessment plan, and the assessment results that import it."""

from __future__ import annotations

from collections.abc import Iterable

from runbook.clauses import Clause
from runbook.evidence.chain import canonical
from runbook.evidence.formats.account import Account, Row, accounts, fingerprint, identifier, moment, told
from runbook.evidence.record import RECORD
from runbook.evidence.run import Run
from runbook.text import line, lines

VERSION = "1.2.1"
PLAN = "oscal-assessment-plan.json"
RESULTS = "oscal-assessment-results.json"
NAMESPACE = "urn:runbook-checks:oscal"
REASON = {"held": "pass", "violated": "fail"}

Object = dict[str, object]


def plan(run: Run) -> bytes:
    """What was to be verified: each clause is a control with its objective, and an activity of its checks."""
    clauses = [account.clause for account in accounts(run)]
    system = _system(run)
    document = {
        "uuid": _id(run, "plan"),
        "metadata": _metadata(run, "Assessment plan", moment(run.began)),
        "import-ssp": {"href": f"#{_id(run, 'ssp')}", "remarks": "This system's settings stand for its security plan."},
        "local-definitions": {
            "components": [system],
            "objectives-and-methods": [_objective(clause) for clause in clauses],
            "activities": [_activity(run, clause) for clause in clauses],
        },
        "reviewed-controls": _reviewed(clauses),
        "assessment-subjects": [{"type": "component", "include-subjects": [_subject(run)]}],
        "back-matter": {
            "resources": [{"uuid": _id(run, "ssp"), "title": system["title"], "description": system["description"]}]
        },
    }
    return canonical({"assessment-plan": document})


def results(run: Run) -> bytes:
    """What became of it: an observation a check, a finding a clause; satisfied is only what held."""
    told_of = accounts(run)
    result = {
        "uuid": _id(run, "result"),
        "title": f"{run.judgement.verdict}: {told(run, 'target')}",
        "description": f"The verdict of this run is {run.judgement.verdict}.",
        "start": moment(run.began),
        "props": [
            *_props(verdict=run.judgement.verdict, record=run.digest),
            *_props(**{name: told(run, name) for name in ("by", "host", "commit", "clean", "population", "policies")}),
            *_props(**{f"target-{part}": value for part, value in fingerprint(run).items()}),
        ],
        "links": [{"href": RECORD, "rel": "evidence"}],
        "local-definitions": {"components": [_system(run)]},
        "reviewed-controls": _reviewed(account.clause for account in told_of),
        "observations": [_observation(run, account, row) for account in told_of for row in account.rows],
        "findings": [_finding(run, account) for account in told_of],
    }
    if run.ended:
        result["end"] = moment(run.ended)
    document = {
        "uuid": _id(run, "results"),
        "metadata": _metadata(run, "Assessment results", moment(run.ended or run.began)),
        "import-ap": {"href": PLAN},
        "results": [result],
    }
    return canonical({"assessment-results": document})


def _id(run: Run, *parts: str) -> str:
    return str(identifier(run, *parts))


def _metadata(run: Run, title: str, at: str) -> Object:
    return {
        "title": f"{title}: runbook {told(run, 'sections')} on {told(run, 'target')}",
        "last-modified": at,
        "version": run.digest,
        "oscal-version": VERSION,
    }


def _props(**values: object) -> list[Object]:
    return [{"name": name, "ns": NAMESPACE, "value": str(value)} for name, value in values.items()]


def _system(run: Run) -> Object:
    return {
        "uuid": _id(run, "system"),
        "type": "system",
        "title": told(run, "target"),
        "description": f"The system whose API is {told(run, 'api')}.",
        "status": {"state": "operational"},
    }


def _subject(run: Run) -> Object:
    return {"subject-uuid": _id(run, "system"), "type": "component"}


def _wording(clause: Clause) -> str:
    return f"{clause.wording['en']}\n\n{clause.wording['id']}"


def _objective(clause: Clause) -> Object:
    part = {"id": f"{clause.id}-objective", "name": "assessment-objective", "prose": _wording(clause)}
    return {"control-id": clause.id, "parts": [part]}


def _activity(run: Run, clause: Clause) -> Object:
    activity: Object = {
        "uuid": _id(run, "activity", clause.id),
        "title": f"Verify {clause.id}",
        "description": _wording(clause),
        "related-controls": _reviewed([clause]),
    }
    if clause.checks:
        activity["steps"] = [{"uuid": _id(run, "step", check), "description": check} for check in clause.checks]
    return activity


def _reviewed(clauses: Iterable[Clause]) -> Object:
    return {"control-selections": [{"include-controls": [{"control-id": clause.id} for clause in clauses]}]}


def _observation(run: Run, account: Account, row: Row) -> Object:
    return {
        "uuid": _id(run, account.clause.id, row.name),
        "title": line(row.name).strip() or "without a name",
        "description": f"{row.outcome}: {lines(row.reason)}" if row.reason else row.outcome,
        "props": _props(outcome=row.outcome),
        "methods": ["TEST"],
        "types": ["control-objective"],
        "subjects": [_subject(run)],
        "collected": moment(row.ended or run.ended or run.began),
    }


def _finding(run: Run, account: Account) -> Object:
    clause = account.clause
    state = "satisfied" if account.outcome == "held" else "not-satisfied"
    status: Object = {"state": state, "reason": REASON.get(account.outcome, "other"), "remarks": account.outcome}
    return {
        "uuid": _id(run, "finding", clause.id),
        "title": f"{clause.id}: {account.outcome}",
        "description": _wording(clause),
        "props": _props(severity=clause.severity, outcome=account.outcome),
        "target": {"type": "objective-id", "target-id": f"{clause.id}-objective", "status": status},
        "related-observations": [{"observation-uuid": _id(run, clause.id, row.name)} for row in account.rows],
        "remarks": f"{clause.remedy['en']}\n\n{clause.remedy['id']}",
    }
