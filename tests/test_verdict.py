"""PASSED only when everything that was required ran and held; FAILED outranks INCONCLUSIVE, which outranks PASSED."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.clauses import Clause, clauses, of_section
from runbook.evidence.record import CheckRecord, Outcome
from runbook.evidence.verdict import Judgement, Verdict, judge

HEALTH = of_section("health")
OUTCOMES: tuple[Outcome, ...] = ("held", "violated", "unverified", "out of scope")
ELSEWHERE = "X9"
"""A clause that the run did not set out to verify."""


def record(check: str, clause: str, outcome: Outcome) -> CheckRecord:
    return CheckRecord(check, clause, "P1", outcome, 0.1)


def complete() -> dict[str, CheckRecord]:
    """Two checks of every clause, all of which held."""
    return {
        f"{clause.id}-{number}": record(f"{clause.id}-{number}", clause.id, "held")
        for clause in HEALTH
        for number in range(2)
    }


def judged(records: dict[str, CheckRecord], *gaps: str) -> Judgement:
    """What a run comes to of which all the checks of `complete` were required."""
    return judge(HEALTH, complete(), records, gaps)


def test_everything_held_is_passed() -> None:
    judgement = judged(complete())
    assert judgement.verdict is Verdict.PASSED
    assert judgement.gaps == ()
    assert [(result.clause.id, result.outcome) for result in judgement.clauses] == [(c.id, "held") for c in HEALTH]


def test_one_violation_is_failed_whatever_else_is_missing() -> None:
    records = {"H1-0": record("H1-0", "H1", "violated"), "H2-0": record("H2-0", "H2", "unverified")}
    judgement = judged(records, "a worker died")
    assert judgement.verdict is Verdict.FAILED
    assert [result.outcome for result in judgement.clauses] == ["violated", *["unverified"] * 4]


def test_a_violation_of_a_clause_that_was_not_asked_for_is_failed() -> None:
    assert judged(complete() | {"x": record("x", ELSEWHERE, "violated")}).verdict is Verdict.FAILED


INCOMPLETE: dict[str, tuple[dict[str, CheckRecord], tuple[str, ...], str | None]] = {
    "a check was skipped, crashed or timed out": (complete() | {"H3-0": record("H3-0", "H3", "unverified")}, (), None),
    "a required check did not run": (
        {check: found for check, found in complete().items() if check != "H3-0"},
        (),
        "not run: H3-0",
    ),
    "no check of a clause ran": (
        {check: found for check, found in complete().items() if found.clause != "H3"},
        (),
        "H3: no check ran",
    ),
    "nothing ran": ({}, (), "not run: H1-0"),
    "a file was not collected": (complete(), ("test_x.py could not be collected",), "test_x.py could not be collected"),
    "a check of a clause that was not asked for is unverified": (
        complete() | {"x": record("x", ELSEWHERE, "unverified")},
        (),
        None,
    ),
    "every check is out of scope": (
        {check: replace(found, outcome="out of scope") for check, found in complete().items()},
        (),
        "nothing was verified: every check is out of scope or waived",
    ),
}


@pytest.mark.parametrize(("records", "gaps", "told"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_an_incomplete_run_is_inconclusive_and_says_why(
    records: dict[str, CheckRecord], gaps: tuple[str, ...], told: str | None
) -> None:
    judgement = judged(records, *gaps)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert (told in judgement.gaps) if told else (judgement.gaps == ())


def test_a_run_without_a_clause_to_verify_is_inconclusive() -> None:
    judgement = judge([], complete(), complete())
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.gaps == ("no clause was to be verified",)


def test_a_clause_that_no_check_was_required_for_is_not_passed_over() -> None:
    judgement = judge(HEALTH, ["H1-0"], {"H1-0": record("H1-0", "H1", "held")})
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.gaps == tuple(f"{id_}: no check ran" for id_ in ("H2", "H3", "H4", "H5"))


def test_a_whole_clause_out_of_scope_is_passed_and_told() -> None:
    """Declared with its reason in the settings: the others still have to hold."""
    records = {
        check: replace(found, outcome="out of scope") if found.clause == "H3" else found
        for check, found in complete().items()
    }
    judgement = judged(records)
    assert judgement.verdict is Verdict.PASSED
    assert [result.outcome for result in judgement.clauses] == ["held", "held", "out of scope", "held", "held"]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["held", "violated", "unverified", "out of scope"], "violated"),
        (["held", "unverified", "out of scope"], "unverified"),
        (["held", "out of scope"], "held"),
        (["out of scope"], "out of scope"),
        ([], "unverified"),
    ],
)
def test_a_clause_is_as_bad_as_the_worst_of_its_checks(outcomes: list[Outcome], expected: Outcome) -> None:
    records = {str(number): record(str(number), "H1", outcome) for number, outcome in enumerate(outcomes)}
    [result] = judge([clauses()["H1"]], (), records).clauses
    assert result.outcome == expected
    assert [len(result.with_outcome(outcome)) for outcome in OUTCOMES] == [outcomes.count(o) for o in OUTCOMES]


def test_exit_codes_tell_the_verdicts_apart_and_only_passed_is_0() -> None:
    assert {verdict: verdict.exit_code for verdict in Verdict} == {"PASSED": 0, "FAILED": 1, "INCONCLUSIVE": 3}


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Clause], list[str], dict[str, CheckRecord], list[str]]:
    """A run of any shape; often enough one that is complete."""
    asked = draw(st.lists(st.sampled_from(HEALTH), unique_by=lambda clause: clause.id, max_size=3))
    mostly = draw(st.sampled_from([("held",), ("held", "out of scope"), ("out of scope",), OUTCOMES]))
    ids = [clause.id for clause in asked]
    of = draw(st.lists(st.sampled_from([*ids, ELSEWHERE] if ids else [ELSEWHERE]), max_size=6)) + ids
    records = {
        f"check-{number}": record(f"check-{number}", clause, draw(st.sampled_from(mostly)))
        for number, clause in enumerate(of)
        if number >= len(of) - len(ids) - draw(st.integers(0, 6))
    }
    required = draw(st.lists(st.sampled_from([*records, "never-run"]), max_size=4)) if draw(st.booleans()) else []
    return asked, required, records, draw(st.lists(st.just("a gap"), max_size=1))


@settings(max_examples=150, deadline=None)
@given(runs())
def test_passed_is_exactly_what_was_wholly_proved(
    run: tuple[list[Clause], list[str], dict[str, CheckRecord], list[str]],
) -> None:
    asked, required, records, gaps = run
    outcomes = [found.outcome for found in records.values()]
    proved = (
        asked != []
        and gaps == []
        and all(check in records for check in required)
        and all(any(found.clause == clause.id for found in records.values()) for clause in asked)
        and all(outcome in ("held", "out of scope") for outcome in outcomes)
        and "held" in outcomes
    )
    judgement = judge(asked, required, records, gaps)
    assert (judgement.verdict is Verdict.PASSED) == proved
    assert (judgement.verdict is Verdict.FAILED) == ("violated" in outcomes)


@settings(max_examples=50, deadline=None)
@given(runs(), st.sampled_from(HEALTH), st.sampled_from(["violated", "unverified", "a gap", "not run"]))
def test_nothing_bad_that_is_added_makes_a_run_better(
    run: tuple[list[Clause], list[str], dict[str, CheckRecord], list[str]], clause: Clause, bad: str
) -> None:
    asked, required, records, gaps = run
    rank = [Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED].index
    before = judge(asked, required, records, gaps).verdict
    outcome = next((outcome for outcome in OUTCOMES if outcome == bad), None)
    more = {"more": record("more", clause.id, outcome)} if outcome else {}
    after = judge(
        asked,
        [*required, "missing"] if bad == "not run" else required,
        records | more,
        [*gaps, bad] if bad == "a gap" else gaps,
    ).verdict
    assert rank(after) >= rank(before)
    assert after is not Verdict.PASSED
