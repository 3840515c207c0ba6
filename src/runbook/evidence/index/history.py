"""What became of a target over its runs: each clause, each time that it was violated, and the trend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runbook.clauses import clauses
from runbook.evidence.page.text import View, moment
from runbook.evidence.page.words import TONES
from runbook.evidence.verdict import Verdict

if TYPE_CHECKING:
    from runbook.evidence.index.kept import Kept

RUNS_SHOWN = 30
"""Runs that have a column and a row each; the trend goes further back."""
TREND_SHOWN = 500
STRETCHES_SHOWN = 20
WORST_FIRST = (Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.PASSED)
UNPROVED = ("unverified", "not run", "gap")
CELLS = {
    "violated": "r",
    **dict.fromkeys((*UNPROVED, "waived"), "b"),
    "held": "f",
    "out of scope": "g",
    "FAILED": "r",
    "INCONCLUSIVE": "b",
    "PASSED": "p",
    "not whole": "r",
    "not sealed": "g",
    "sealed": "f",
    "alarms": "r",
}
"""The class of each sign."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a clause was violated: the first run that found it so, how many did, and the first that found it
    to hold again; None as long as none has. A run that could not tell neither begins nor ends one."""

    clause: str
    first: Kept
    runs: int
    again: Kept | None


def now_is(runs: Sequence[Kept]) -> Verdict:
    """What a target's runs come to today: the latest run, and of each clause the latest run that was about it."""
    cells = {id_: outcome for run in runs for id_, outcome in run.cells.items()}
    verdict = runs[-1].verdict
    if "violated" in cells.values():
        return Verdict.FAILED
    if verdict is Verdict.PASSED and any(outcome in UNPROVED for outcome in cells.values()):
        return Verdict.INCONCLUSIVE
    return verdict


def stretches(runs: Sequence[Kept], clause: str) -> Iterator[Stretch]:
    """Each time in which a clause was violated, the oldest first."""
    first, count = None, 0
    for run in runs:
        outcome = run.cells.get(clause)
        if outcome == "violated":
            first, count = first or run, count + 1
        elif outcome == "held" and first is not None:
            yield Stretch(clause, first, count, run)
            first, count = None, 0
    if first is not None:
        yield Stretch(clause, first, count, None)


def history(runs: Sequence[Kept], now: datetime) -> View:
    """What the index shows of the runs of one target, the oldest first."""
    known = {id_ for run in runs for id_ in run.cells}
    ids = [id_ for id_ in clauses() if id_ in known]
    shown = runs[-RUNS_SHOWN:]
    green = [run for run in runs if run.verdict is Verdict.PASSED]
    found = [stretch for id_ in ids for stretch in stretches(runs, id_)]
    found.sort(key=lambda one: (one.again is None, _order(one.first)), reverse=True)
    return {
        "latest": runs[-1],
        "began": _when(runs[-1], now),
        "green": _when(green[-1], now) if green else None,
        "count": len(runs),
        "alarms": any(run.alarms for run in shown),
        "verdicts": [(verdict, count) for verdict in WORST_FIRST if (count := sum(r.verdict is verdict for r in runs))],
        "clauses": [_clause(id_, runs, now) for id_ in ids],
        "rows": [(id_, [run.cells.get(id_) for run in shown]) for id_ in ids],
        "shown": [{"run": run, "began": moment(run.at), "why": _why(run)} for run in shown],
        "stretches": [_stretch(one, runs, now) for one in found[:STRETCHES_SHOWN]],
        "more": len(found) - STRETCHES_SHOWN,
        "trend": _trend(runs[-TREND_SHOWN:]),
    }


def span(seconds: float) -> str:
    """How long, in the two largest units."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _order(run: Kept) -> float:
    return run.at.timestamp() if run.at is not None else 0.0


def _when(run: Kept, now: datetime) -> View:
    return {"at": moment(run.at), "age": _between(run.at, now), "page": run.page}


def _between(earlier: datetime | None, later: datetime | None) -> str | None:
    return span((later - earlier).total_seconds()) if earlier is not None and later is not None else None


def _clause(id_: str, runs: Sequence[Kept], now: datetime) -> View:
    """What became of a clause in the latest run that was about it, and when it held last."""
    about = [run for run in runs if id_ in run.cells]
    green = max((number for number, run in enumerate(about) if run.cells[id_] == "held"), default=-1)
    since = about[green + 1 :]
    violated = [run for run in since if run.cells[id_] == "violated"]
    outcome = about[-1].cells[id_]
    return {
        "id": id_,
        "severity": clauses()[id_].severity,
        "wording": clauses()[id_].wording,
        "outcome": outcome,
        "tone": TONES[outcome],
        "checked": _when(about[-1], now),
        "green": _when(about[green], now) if green >= 0 else None,
        "violated": _when(violated[0], now) if violated else None,
        "since": len(since),
    }


def _why(run: Kept) -> list[tuple[str, list[str]]]:
    """The clauses that did not hold, by what became of them, the worst first; what a run's gaps come to is told
    with these."""
    found = {outcome: [id_ for id_, one in run.cells.items() if one == outcome] for outcome in CELLS}
    return [(outcome, found[outcome]) for outcome in ("violated", "unverified", "not run", "waived") if found[outcome]]


def _stretch(one: Stretch, runs: Sequence[Kept], now: datetime) -> View:
    return {
        "clause": one.clause,
        "severity": clauses()[one.clause].severity,
        "first": _when(one.first, now),
        "again": _when(one.again, now) if one.again else None,
        "took": _between(one.first.at, one.again.at if one.again else now),
        "still": next(run.cells[one.clause] for run in reversed(runs) if one.clause in run.cells) == "violated",
        "runs": one.runs,
    }


def _trend(runs: Sequence[Kept]) -> View | None:
    """Each run at its time, from 0 to 1000, and at the share of its checks that held, from 100 (`least`) to 0 (all)."""
    dated = [(run, run.at.timestamp(), run.held / run.total if run.total else 0.0) for run in runs if run.at]
    if not dated:
        return None
    first, last = dated[0][1], dated[-1][1]
    # To the next tenth below: of a hundred checks one that does not hold is to be seen.
    least = min(0.9, int(min(share for _, _, share in dated) * 10) / 10)
    points = [
        {
            "x": round((at - first) * 1000 / (last - first), 1) if last > first else 500.0,
            "y": round((1 - share) * 100 / (1 - least), 1),
            "verdict": str(run.verdict),
            "told": f"{moment(run.at)}: {run.verdict}, {run.held} / {run.total}",
        }
        for run, at, share in dated
    ]
    ends = (first, (first + last) / 2, last) if last > first else (first,)
    return {
        "points": points,
        "line": " ".join(f"{point['x']},{point['y']}" for point in points),
        "least": round(least * 100),
        "ticks": [f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M}" for end in ends],
    }
