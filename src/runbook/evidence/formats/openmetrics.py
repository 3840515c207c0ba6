"""OpenMetrics (https://prometheus.io/docs/specs/om/open_metrics_spec/): for a dashboard, and for an alarm.

Labels are the target, the clause, the outcome and the verdict, so that their number never grows with the system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from runbook.evidence.formats.account import accounts, told
from runbook.evidence.record import WORST_FIRST
from runbook.evidence.run import Run
from runbook.evidence.verdict import Verdict


def metrics(run: Run) -> bytes:
    """The verdict, each clause, how many checks came to what, and when."""
    return "\n".join([*_lines(run), "# EOF", ""]).encode()


def _lines(run: Run) -> Iterator[str]:
    target = told(run, "target")
    yield from _gauge("runbook_verdict", "1 for the verdict of the run.")
    for verdict in Verdict:
        yield _sample("runbook_verdict", verdict is run.judgement.verdict, target=target, verdict=verdict)
    told_of = accounts(run)
    yield from _gauge("runbook_clause_held", "1 when all of it was verified and held.")
    for account in told_of:
        yield _sample("runbook_clause_held", account.outcome == "held", target=target, clause=account.clause.id)
    yield from _gauge("runbook_checks", "What was to be verified, by what became of it.")
    for account in told_of:
        counts = Counter(row.outcome for row in account.rows)
        for outcome in WORST_FIRST:
            labels = {"target": target, "clause": account.clause.id, "outcome": outcome}
            yield _sample("runbook_checks", counts[outcome], **labels)
    yield from _gauge("runbook_gaps", "What keeps the run from being whole, beside its checks.")
    yield _sample("runbook_gaps", len(run.judgement.gaps), target=target)
    if run.ended:
        yield from _gauge("runbook_ended_timestamp_seconds", "When the run ended.", "seconds")
        yield _sample("runbook_ended_timestamp_seconds", run.ended.timestamp(), target=target)
    if run.ended and run.began:
        yield from _gauge("runbook_duration_seconds", "How long the run took.", "seconds")
        yield _sample("runbook_duration_seconds", (run.ended - run.began).total_seconds(), target=target)


def _gauge(name: str, help_: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {help_}"


def _sample(name: str, value: float, **labels: str) -> str:
    escaped = {label: text.replace("\\", r"\\").replace('"', r"\"") for label, text in labels.items()}
    shown = ",".join(f'{label}="{text}"' for label, text in escaped.items())
    return f"{name}{{{shown}}} {float(value)!r}"
