"""The summary says, in the target's languages, what an operator has to know and to do, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.clauses import Language, clauses, of_section
from runbook.evidence.record import CheckRecord, Outcome
from runbook.evidence.summary import GAPS_SHOWN, SHOWN_PER_CLAUSE, WORDS, Line, summary
from runbook.evidence.verdict import Verdict, judge

BOTH: tuple[Language, ...] = ("id", "en")
RECORD = "reports/20261123T081335Z-mine-4711/run.jsonl"
HEALTH = of_section("health")


def check(clause: str, outcome: Outcome, name: str = "", reason: str | None = None) -> CheckRecord:
    id_ = f"checks/health/test_it.py::test_{name or outcome}"
    return CheckRecord(id_, clause, clauses()[clause].severity, outcome, 0.1, reason)


def lines(
    records: Sequence[CheckRecord], gaps: Sequence[str] = (), languages: Sequence[Language] = BOTH, width: int = 120
) -> list[Line]:
    """The summary of a run of the first clauses that the records are about."""
    asked = [clause for clause in HEALTH if any(record.clause == clause.id for record in records)]
    judgement = judge(asked, (), {str(number): record for number, record in enumerate(records)}, gaps)
    return list(summary(judgement, languages, RECORD, width))


def text(found: Sequence[Line]) -> str:
    """The lines as one text, without their breaks and indents."""
    return " ".join(" ".join(line.text for line in found).split())


@pytest.mark.parametrize("languages", [("id",), ("en",), ("id", "en"), ("en", "id")], ids=str)
@pytest.mark.parametrize("outcome", ["held", "violated", "unverified", "out of scope"])
def test_a_clause_is_told_in_the_languages_of_the_target_and_in_no_other(
    outcome: Outcome, languages: tuple[Language, ...]
) -> None:
    shown = text(lines([check("H1", outcome, "it"), check("H2", "held")], languages=languages))
    clause = clauses()["H1"]
    for language in BOTH:
        assert (clause.wording[language] in shown) == (language in languages)
        assert (WORDS[outcome][language] in shown) == (language in languages)
    said = " / ".join(WORDS[outcome][language] for language in languages)
    held = 1 if outcome == "held" else 0
    checks = " / ".join(WORDS["checks"][language] for language in languages)
    assert shown.startswith(f"H1 P0 {said} ({held} / 1 {checks})")


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [(["held"], Verdict.PASSED), (["violated", "unverified"], Verdict.FAILED), (["unverified"], Verdict.INCONCLUSIVE)],
)
@pytest.mark.parametrize("languages", [("id",), ("en",), ("id", "en")], ids=str)
def test_the_verdict_is_told_in_each_language_and_the_record_comes_last(
    outcomes: list[Outcome], verdict: Verdict, languages: tuple[Language, ...]
) -> None:
    found = lines([check("H1", outcome) for outcome in outcomes], languages=languages)
    assert [line.text for line in found[-len(languages) - 2 :]] == [
        "",
        *(WORDS[verdict][language] for language in languages),
        RECORD,
    ]


def test_every_word_is_there_in_both_languages_and_differs() -> None:
    for words in WORDS.values():
        assert words.keys() == set(BOTH)
        assert words["id"] != words["en"]


@pytest.mark.parametrize("id_", [clause.id for clause in HEALTH])
@pytest.mark.parametrize("outcome", ["held", "violated", "unverified", "out of scope"])
def test_the_procedure_is_shown_where_something_is_violated_and_only_there(id_: str, outcome: Outcome) -> None:
    shown = text(lines([check(id_, outcome)]))
    for language in BOTH:
        procedure = f"{WORDS['procedure'][language]}: {clauses()[id_].remedy[language]}"
        assert (procedure in shown) == (outcome == "violated")
        assert (WORDS["unproven"][language] in shown) == (outcome == "unverified")


def test_the_procedure_of_another_clause_is_not_shown() -> None:
    shown = text(lines([check("H1", "violated"), check("H2", "held")]))
    assert clauses()["H1"].remedy["id"] in shown
    assert clauses()["H2"].remedy["id"] not in shown


def test_what_held_is_counted_and_not_listed() -> None:
    shown = text(lines([check("H1", "held", "quiet_one"), check("H1", "held", "quiet_two")]))
    assert "(2 / 2 pemeriksaan / checks)" in shown
    assert "quiet" not in shown


def test_what_did_not_hold_is_listed_worst_first_each_with_its_reason() -> None:
    found = lines(
        [
            check("H1", "out of scope", "forged", "the key is held elsewhere"),
            check("H1", "unverified", "reached", "no answer"),
            check("H1", "held", "fine"),
            check("H1", "violated", "refused", "answered 200"),
        ],
        width=1000,
    )
    listed = [line.text.strip() for line in found if line.text.startswith(("    - ", "      "))]
    assert listed == [
        "- dilanggar / violated: refused",
        "answered 200",
        "- belum terbukti / unverified: reached",
        "no answer",
        "- di luar cakupan / out of scope: forged",
        "the key is held elsewhere",
    ]
    assert [line.tone for line in found if line.text.startswith("    - ")] == ["bad", "open", "plain"]


def test_the_same_reason_for_several_parameters_is_told_once() -> None:
    shown = text(
        lines(
            [check("H1", "violated", f"refused[GET /events-{number}]", "answered 200") for number in range(6)]
            + [check("H1", "violated", "refused[GET /events-other]", "answered 500")],
            languages=["en"],
        )
    )
    assert "- violated: refused [GET /events-0, GET /events-1, GET /events-2, GET /events-3, +2]" in shown
    assert shown.count("answered 200") == 1
    assert "- violated: refused [GET /events-other] answered 500" in shown


def test_the_same_reason_with_another_outcome_is_told_apart() -> None:
    records = [check("H1", "violated", "it[a]", "why"), check("H1", "unverified", "it[b]", "why")]
    shown = text(lines(records, languages=["en"]))
    assert "- violated: it [a] why - unverified: it [b] why" in shown


@pytest.mark.parametrize("count", [SHOWN_PER_CLAUSE, SHOWN_PER_CLAUSE + 1, 40])
def test_a_clause_shows_five_reasons_and_where_the_rest_stands(count: int) -> None:
    found = lines([check("H1", "violated", f"check_{number}", f"reason {number}") for number in range(count)])
    assert SHOWN_PER_CLAUSE == 5
    assert sum(line.text.startswith("    - ") for line in found) == 5
    rest = f"... {WORDS['more']['id']} / {WORDS['more']['en']} {RECORD}"
    assert (rest in text(found)) == (count > SHOWN_PER_CLAUSE)


@pytest.mark.parametrize("count", [1, GAPS_SHOWN, GAPS_SHOWN + 1, 200])
def test_gaps_are_shown_up_to_a_limit_and_where_the_rest_stands(count: int) -> None:
    found = lines([check("H1", "held")], [f"not run: {number}" for number in range(count)])
    assert [line.text for line in found if "! " in line.text] == [
        f"  ! not run: {number}" for number in range(min(count, GAPS_SHOWN))
    ]
    assert ((f"... {WORDS['more']['id']}") in text(found)) == (count > GAPS_SHOWN)


WORD = st.text("abcdefgh-/.", min_size=1, max_size=30)
SENTENCE = st.lists(WORD, max_size=40).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(
    reasons=st.lists(SENTENCE, min_size=1, max_size=8),
    gaps=st.lists(SENTENCE, max_size=3),
    width=st.integers(20, 200),
    outcome=st.sampled_from(["violated", "unverified", "out of scope"]),
)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(
    reasons: list[str], gaps: list[str], width: int, outcome: Outcome
) -> None:
    records = [replace(check("H1", outcome, f"number_{n}"), reason=reason) for n, reason in enumerate(reasons)]
    found = lines(records, gaps, width=width)
    limit = max(width, 40)
    assert [line.text for line in found if len(line.text) > limit and line.text.strip() != RECORD] == []
    shown = set(text(found).split())
    for reason in reasons[:SHOWN_PER_CLAUSE]:
        assert set(reason.split()) <= shown


def test_a_word_that_is_wider_than_the_terminal_can_still_be_copied() -> None:
    address = "https://api.mine.example/a-path-that-is-wider/than-any-terminal-of-forty-columns"
    found = lines([check("H1", "unverified", "it", f"no answer from {address} in 15 s")], width=40)
    assert [line.text.strip() for line in found if "mine.example" in line.text] == [address]
