"""What became of each clause: what did not hold and why, what was not verified, and every check of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from runbook import clauses
from runbook.evidence import summary
from runbook.evidence.page.text import REASON_LENGTH, View, cut, duration, name, parameter, plain
from runbook.evidence.page.words import TONES, WORDS
from runbook.evidence.record import WORST_FIRST
from runbook.evidence.verdict import ClauseResult, judge
from runbook.waivers import waiver_of

if TYPE_CHECKING:
    from runbook.evidence.record import CheckRecord, Outcome
    from runbook.evidence.run import Run

GROUPS_SHOWN = 200
"""Reasons told of one clause, and of all that was not verified."""
REASONS_SHOWN = 500
"""Reasons told of one clause in the list of all checks; of what comes after them, the list has the names alone."""
DETAILS_SHOWN = 12
"""Parameters told of one reason, and facts."""


def strangers(run: Run) -> tuple[ClauseResult, ...]:
    """Checks of clauses that were not asked for: they count in the verdict, so they are shown."""
    asked = {result.clause.id for result in run.judgement.clauses}
    found = {id_: replace(record, clause="?") for id_, record in run.checks.items() if record.clause not in asked}
    unasked = clauses.Clause("?", "", "", "P0", WORDS["stranger clause"], {"id": "", "en": ""}, ())
    return judge([unasked], (), found).clauses if found else ()


def missing(run: Run) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Which checks were required and did not run, by clause and function."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for check in dict.fromkeys(run.required):
        if check not in run.checks:
            function = _function(check)
            found[clauses.clause_of(function)].setdefault(function, []).append(check)
    return found


def clause(result: ClauseResult, not_run: Mapping[str, Sequence[str]]) -> View:
    """One clause. Where checks of it did not run, it is not shown as if all of it held."""
    groups = summary.groups(result)
    late = sum(map(len, not_run.values()))
    return {
        "id": result.clause.id,
        "severity": result.clause.severity,
        "outcome": result.outcome,
        "wording": result.clause.wording,
        "remedy": result.clause.remedy if result.clause.section else None,
        "counts": counts(result.records),
        "held": len(result.with_outcome("held")),
        "total": len(result.records) + late,
        "missing": late,
        "tone": "open" if late and result.outcome == "held" else TONES[result.outcome],
        "groups": [_group(group, DETAILS_SHOWN) for group in groups[:GROUPS_SHOWN]],
        "more": len(groups) - GROUPS_SHOWN,
        "functions": list(_functions(result, groups, not_run)),
    }


def unverified(run: Run, results: Sequence[ClauseResult]) -> View:
    """Whatever the run does not say to hold: it was tried in vain, did not run, is missing, waived or out of scope."""
    tried = [group for result in results for group in summary.groups(result) if group[0].outcome != "violated"]
    tried.sort(key=lambda group: group[0].outcome != "unverified")
    rows = [*_gaps(run), *(_group(group, DETAILS_SHOWN) for group in tried)]
    return {"rows": rows[:GROUPS_SHOWN], "more": len(rows) - GROUPS_SHOWN}


def waivers(run: Run) -> list[View]:
    """The waivers in force, and for how many checks each was used."""
    used = Counter(
        waiver_of(check.check, check.clause, run.waivers) for check in run.checks.values() if check.outcome == "waived"
    )
    return [
        {
            "waives": cut(waiver.waives),
            "reason": cut(waiver.reason, REASON_LENGTH),
            "owner": cut(waiver.owner),
            "until": waiver.until,
            "used": used[waiver],
        }
        for waiver in run.waivers
    ]


def counts(records: Iterable[CheckRecord]) -> list[tuple[Outcome, int]]:
    """How many checks had each outcome, the worst first; none is left out."""
    counted = Counter(record.outcome for record in records)
    return [(outcome, counted[outcome]) for outcome in WORST_FIRST if outcome in counted]


def outcome(record: CheckRecord) -> View:
    """What became of one check, and why."""
    return {"outcome": record.outcome, "reason": cut(record.reason, REASON_LENGTH) if record.reason else None}


def took(record: CheckRecord) -> float:
    """Seconds: no check takes less than none or more than a week, whatever a record says."""
    # In this order, what is not a number is 0.
    return min(max(0.0, record.duration), 7 * 86400.0)


def _function(check: str) -> str:
    return check.partition("[")[0]


def _group(group: Sequence[CheckRecord], shown: int | None = None) -> View:
    """Checks of one function with one reason. Where only so many are shown, what was observed is told too."""
    first = group[0]
    return {
        **outcome(first),
        "name": name(first.check),
        "clause": first.clause,
        **_parameters([record.check for record in group], shown),
        "facts": [
            ", ".join(f"{key}: {plain(value)}" for key, value in fact.items() if key != "kind")
            for fact in (first.observation[:shown] if shown else ())
        ],
    }


def _parameters(checks: Sequence[str], shown: int | None) -> View:
    parameters = [told for check in checks if (told := parameter(check))]
    few = parameters[:shown]
    return {"count": len(checks), "parameters": few, "more": len(parameters) - len(few)}


def _gaps(run: Run) -> Iterator[View]:
    """The gaps, those about checks of one function together."""
    about: dict[tuple[str, str], list[str]] = defaultdict(list)
    for gap in dict.fromkeys(run.judgement.gaps):
        kind, _, check = gap.partition(": ")
        kind, said = (kind, _function(check)) if "::" in check else ("", gap)
        about[kind, said].append(check if kind else "")
    for (kind, said), checks in about.items():
        yield {
            "outcome": "not run" if kind == "not run" else "gap",
            "reason": None if kind == "not run" else kind or cut(said, REASON_LENGTH),
            "name": name(said) if kind else "",
            "clause": clauses.clause_of(said),
            **_parameters(checks, DETAILS_SHOWN),
        }


def _functions(
    result: ClauseResult, groups: Sequence[Sequence[CheckRecord]], not_run: Mapping[str, Sequence[str]]
) -> Iterator[View]:
    """Every check of a clause, by function. What held is named by its parameters alone."""
    records: dict[str, list[CheckRecord]] = defaultdict(list)
    for record in result.records:
        records[_function(record.check)].append(record)
    told: dict[str, list[View]] = defaultdict(list)
    for group in groups[:REASONS_SHOWN]:
        told[_function(group[0].check)].append(_group(group))
    rest: dict[tuple[str, str], list[CheckRecord]] = defaultdict(list)
    for record in chain.from_iterable(groups[REASONS_SHOWN:]):
        rest[_function(record.check), record.outcome].append(replace(record, reason=None))
    for (function, _), unnamed in rest.items():
        told[function].append(_group(unnamed))
    for function in sorted(records.keys() | not_run.keys()):
        ran, late, found = records[function], not_run.get(function, ()), told[function]
        held = [record.check for record in ran if record.outcome == "held"]
        yield {
            "name": name(function),
            "file": cut(function.partition("::")[0]),
            "outcome": found[0]["outcome"] if found else "not run" if late else "held",
            "held": len(held),
            "total": len(ran) + len(late),
            "took": duration(sum(map(took, ran))),
            "groups": found,
            "parameters": _parameters(held, None)["parameters"],
            "missing": [parameter(check) or name(check) for check in late],
        }
