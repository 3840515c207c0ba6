"""A run as one page that needs nothing else: no network, no script. The verdict first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from runbook.evidence.page import clauses, environment, matrix, screenshots, timeline
from runbook.evidence.page.text import View, duration, moment, name, parameter, plain, showable
from runbook.evidence.page.words import SIGNS, TONES, WORDS
from runbook.pages import template

if TYPE_CHECKING:
    from runbook.clauses import Language
    from runbook.evidence.run import Run


PROBLEMS = ("violated", "unverified", "waived")


@dataclass(frozen=True, slots=True)
class Seal:
    """What a seal says: whose key, when, the digest of what was signed, and the files with their SHA-256.

    `signer` is the name that is trusted for the key, None where there is none.
    """

    keyid: str
    signer: str | None
    signed_at: str
    digest: str
    artifacts: tuple[tuple[str, str], ...]


def page(run: Run, languages: Sequence[Language], seal: Seal | None = None) -> str:
    """The page. Whatever the record holds is shown as text."""
    text = template("evidence", "page/page.html.jinja").render(
        page=_parts(run),
        seal=seal,
        languages=languages,
        words=WORDS,
        signs=SIGNS,
        tones=TONES,
        answers=matrix.ANSWERS,
    )
    return showable(text) + "\n"


def _parts(run: Run) -> View:
    """What the page shows, in its order."""
    verdict = str(run.judgement.verdict)
    results = [*run.judgement.clauses, *clauses.strangers(run)]
    missing = clauses.missing(run)
    # Anchors by number: a clause's id may be anything that a record brings.
    shown = [
        {"anchor": f"clause-{number}", **clauses.clause(result, missing.get(result.clause.id, {}))}
        for number, result in enumerate(results, 1)
    ]
    start = {one: plain(run.start[one]) if one in run.start else None for one in ("target", "severity", "by", "host")}
    title = f"{verdict}: {start['target'] or run.folder.name}"
    clean = run.start.get("clean")
    return {
        "verdict": verdict,
        "title": ", ".join(filter(None, (title, moment(run.began)))),
        "problems": sorted(
            (clause for clause in shown if clause["outcome"] in PROBLEMS),
            key=lambda clause: (PROBLEMS.index(str(clause["outcome"])), str(clause["severity"])),
        ),
        "gaps": len(set(run.judgement.gaps)),
        "start": start,
        "began": moment(run.began),
        "took": duration((run.ended - run.began).total_seconds()) if run.began and run.ended else None,
        "counts": clauses.counts(run.checks.values()),
        "alarms": _alarms(run),
        "unclean": None if clean is True else "clean unknown" if clean is None else "not clean",
        "clauses": shown,
        "waived": run.judgement.waived,
        "waivers": clauses.waivers(run),
        "unverified": clauses.unverified(run, results),
        "matrix": matrix.matrix(run),
        "timeline": timeline.timeline(run, results),
        "rls_unread": plain(run.start["rls"]) if isinstance(run.start.get("rls"), str) else None,
        "environment": list(environment.environment(run)),
        "digest": run.digest,
        "drift": [
            {"kind": parameter(record.check) or name(record.check), **clauses.outcome(record)}
            for record in run.checks.values()
            if record.check.startswith("checks/rls/test_drift.py")
        ],
        "screenshots": list(screenshots.screenshots(run.folder)),
        "command": f"runbook evidence verify {quote(run.folder.name)}",
        "folder": run.folder.name,
    }


def _alarms(run: Run) -> list[str]:
    """Access that was opened without proof, and not by a verdict since."""
    found = run.start.get("alarms", [])
    return [plain(alarm) for alarm in found] if isinstance(found, list) else [plain(found)]
