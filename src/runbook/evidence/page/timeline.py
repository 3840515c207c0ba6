"""When each clause's checks ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from runbook.evidence.page.clauses import counts, took
from runbook.evidence.page.text import View, duration, name, parameter

if TYPE_CHECKING:
    from runbook.evidence.record import Outcome
    from runbook.evidence.run import Run
    from runbook.evidence.verdict import ClauseResult

SCALE = 1000
LEAST = 3
"""How many thousandths of the time line the shortest check takes: less could not be seen."""
BARS: dict[Outcome, tuple[int, int]] = {
    "held": (30, 40),
    "out of scope": (45, 10),
    "waived": (22, 56),
    "unverified": (15, 70),
    "violated": (0, 100),
}
"""Where a bar begins and how high it is, in percent: the worst comes last and stands out."""

Span = tuple[float, float]
"""When a check began and ended, in seconds since the run began."""


def timeline(run: Run, results: Sequence[ClauseResult]) -> View | None:
    """A line for each clause of which a check ran. A check's own line in the record is written when it ends."""
    if not run.checks:
        return None
    ends = {check: run.times[check].timestamp() for check in run.checks}
    spans = {check: (ends[check] - took(record), ends[check]) for check, record in run.checks.items()}
    known = [time.timestamp() for time in (run.began, run.ended) if time]
    first = min([*known, *(began for began, _ in spans.values())])
    spans = {check: (began - first, ended - first) for check, (began, ended) in spans.items()}
    total = max([0.001, *(moment - first for moment in known), *(ended for _, ended in spans.values())])
    return {
        "rows": [_lane(result, spans, total) for result in results if result.records],
        "ticks": [duration(total * part / 4) for part in range(5)],
        "slowest": [
            {"name": name(record.check), "parameter": parameter(record.check), "took": duration(took(record))}
            for record in sorted(run.checks.values(), key=lambda record: -record.duration)[:5]
        ],
    }


def _lane(result: ClauseResult, spans: Mapping[str, Span], total: float) -> View:
    """One clause's checks on the time line."""
    bars: list[View] = []
    for outcome, (y, height) in BARS.items():
        ran = [(record.check, *spans[record.check]) for record in result.with_outcome(outcome)]
        for began, ended, checks in _merged(ran, total / SCALE):
            what = name(checks[0]) if len(checks) == 1 else f"{len(checks)} checks"
            bars.append(
                {
                    "x": round(began * SCALE / total, 1),
                    "width": round(max((ended - began) * SCALE / total, LEAST), 1),
                    "y": y,
                    "height": height,
                    "outcome": outcome,
                    "told": f"{what}, {outcome}: {duration(began)} to {duration(ended)}",
                }
            )
    return {
        "id": result.clause.id,
        "bars": bars,
        "from": duration(min(spans[record.check][0] for record in result.records)),
        "to": duration(max(spans[record.check][1] for record in result.records)),
        "counts": counts(result.records),
    }


def _merged(ran: Iterable[tuple[str, float, float]], unit: float) -> Iterator[tuple[float, float, list[str]]]:
    """When checks ran; those that a line of this many seconds to the unit could not tell apart are one."""
    began = ended = 0.0
    checks: list[str] = []
    for check, start, end in sorted(ran, key=lambda one: one[1]):
        if checks and start > max(ended, began + LEAST * unit) + unit:
            yield began, ended, checks
            checks = []
        began, ended = (began, max(ended, end)) if checks else (start, end)
        checks.append(check)
    if checks:
        yield began, ended, checks
