"""Heimdall Data Format (HDF), exec-json: https://saf.mitre.org, one control a clause."""

from __future__ import annotations

from collections import Counter

from runbook.evidence.chain import canonical
from runbook.evidence.formats.account import Account, Row, accounts, fingerprint, moment, runbook_digest, told
from runbook.evidence.run import Run
from runbook.text import line, lines
from runbook.waivers import waiver_of

IMPACT = {"P0": 1.0, "P1": 0.7, "P2": 0.3}
STATUS = {"held": "passed", "violated": "failed", "unverified": "error", "waived": "skipped", "out of scope": "skipped"}


def results(run: Run) -> bytes:
    """Every clause with the results of its checks; what was not verified is an error."""
    controls = accounts(run)
    counts = Counter(STATUS[account.outcome] for account in controls)
    # A reader of the statistics may know these three only: what is not verified must not vanish from them.
    totals = {"passed": counts["passed"], "failed": counts["failed"] + counts["error"], "skipped": counts["skipped"]}
    seconds = (run.ended - run.began).total_seconds() if run.began and run.ended else None
    version = told(run, "suite")
    profile = {
        "name": "runbook-checks",
        "title": line(f"Runbook: {told(run, 'sections')}"),
        "summary": f"{run.judgement.verdict}, on {told(run, 'target')}",
        "version": version,
        "sha256": runbook_digest(),
        "supports": [],
        "attributes": [],
        "groups": [],
        "status": "loaded",
        "controls": [_control(run, account) for account in controls],
    }
    document = {
        "platform": {"name": "runbook-checks", "release": version, "target_id": told(run, "target")},
        "version": version,
        "statistics": {
            "duration": seconds,
            "controls": {name: {"total": total} for name, total in totals.items()},
        },
        "profiles": [profile],
        "passthrough": {
            "verdict": str(run.judgement.verdict),
            "gaps": [line(gap) for gap in run.judgement.gaps],
            "record": run.digest,
            "by": told(run, "by"),
            "commit": told(run, "commit"),
            "fingerprint": fingerprint(run),
        },
    }
    return canonical(document)


def _control(run: Run, account: Account) -> dict[str, object]:
    clause = account.clause
    control: dict[str, object] = {
        "id": clause.id,
        "title": clause.wording["en"],
        "desc": clause.wording["en"],
        "descriptions": [
            {"label": "default", "data": clause.wording["en"]},
            {"label": "default (Indonesia)", "data": clause.wording["id"]},
            {"label": "fix", "data": clause.remedy["en"]},
            {"label": "fix (Indonesia)", "data": clause.remedy["id"]},
        ],
        "impact": IMPACT[clause.severity],
        "refs": [],
        "tags": {
            "severity": clause.severity,
            "section": clause.section,
            "layer": clause.layer,
            "outcome": account.outcome,
        },
        "source_location": {},
        "results": [_result(run, row) for row in account.rows],
    }
    under = dict.fromkeys(
        waiver_of(row.name, clause.id, run.waivers) for row in account.rows if row.outcome == "waived"
    )
    if waivers := [waiver for waiver in under if waiver is not None]:
        control["waiver_data"] = {
            "expiration_date": moment(min(waiver.expires for waiver in waivers)),
            "justification": "; ".join(line(f"{waiver.reason} ({waiver.owner})") for waiver in waivers),
            "run": True,
            "skipped_due_to_waiver": False,
            "message": "; ".join(line(f"{waiver.waives} until {waiver.until}") for waiver in waivers),
        }
    return control


def _result(run: Run, row: Row) -> dict[str, object]:
    """What is out of scope or waived has a reason, and anything else that did not pass a message."""
    result: dict[str, object] = {
        "status": STATUS[row.outcome],
        "code_desc": line(row.name),
        "run_time": row.seconds,
        "start_time": moment(row.began or run.began),
    }
    if row.outcome != "held":
        name = "skip_message" if STATUS[row.outcome] == "skipped" else "message"
        result[name] = lines(row.reason) or f"{row.outcome}, without a reason"
    return result
