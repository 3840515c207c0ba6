"""The index of a folder of reports tells what its runs came to over time, and never more than they prove."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from runbook.clauses import Language, clauses, of_section
from runbook.cli import main
from runbook.evidence import keys, ledger
from runbook.evidence.index import index
from runbook.evidence.index.history import RUNS_SHOWN, Stretch, span, stretches
from runbook.evidence.index.kept import Kept
from runbook.evidence.index.words import WORDS
from runbook.evidence.record import RECORD, Outcome
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import GATE, GLASS, SEAL, seal
from runbook.evidence.verdict import Verdict
from tests.evidence.test_page import BOTH, MARKUP, Seen
from tests.evidence.written_history import write_run

FIRST = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
NOW = FIRST + timedelta(days=10)
HOUR = timedelta(hours=1)
MANY = 500
SECONDS = 10
BYTES = 1_000_000


def seen(reports: Path, languages: Sequence[Language] = ("en",), now: datetime = NOW) -> Seen:
    return Seen(index(reports, languages, {}, reports, now))


def row(found: Seen, clause: str) -> str:
    """What is told of a clause: its outcome, when it held last, since when it is violated, and how many runs since."""
    [text] = re.findall(
        rf"{clause} P\d .*?(?= [A-Z]\d P\d |Clauses by run)", found.within("clauses") + "Clauses by run"
    )
    return str(text).partition(clauses()[clause].wording["en"])[2].strip()


def verdict_of(found: Seen) -> str:
    return found.within("verdict")


def signs(found: Seen, clause: str) -> list[str]:
    """What the cells of a clause say, the newest last."""
    return [one["title"].rpartition(": ")[2] for one in found.all("i", "s") if one["title"].startswith(f"{clause}, ")]


def test_every_word_is_there_in_both_languages() -> None:
    for words in WORDS.values():
        assert words.keys() == set(BOTH)
        assert all(words.values())


@pytest.mark.parametrize("languages", [("id",), ("en",), ("id", "en")], ids=str)
def test_the_page_speaks_the_languages_that_were_asked_for(tmp_path: Path, languages: tuple[Language, ...]) -> None:
    write_run(tmp_path, FIRST, {"H2": "violated"})
    text = seen(tmp_path, languages).text
    for language in BOTH:
        for word in ("FAILED", "over time", "recovery means", "gap means", "still", "index proves"):
            assert (WORDS[word][language] in text) == (language in languages), word


def test_one_run_is_enough(tmp_path: Path) -> None:
    write_run(tmp_path, FIRST)
    found = seen(tmp_path)
    assert verdict_of(found).startswith("✓ PASSED: everything in scope was verified and held")
    told = found.within("about-run")
    for text in (
        "2026-01-31 09:30:00 UTC",
        "10 d 0 h ago",
        "ayu",
        "ops-1",
        "production",
        "NOT SEALED",
        "1: ✓ 1 PASSED",
    ):
        assert text in told
    assert WORDS["no recovery"]["en"] in found.text
    assert len(found.all("g")) == 1


def test_a_clause_tells_when_it_held_last_and_since_when_it_is_violated(tmp_path: Path) -> None:
    for hours, outcome in enumerate(("violated", "held", "unverified", "violated", "violated", "unverified")):
        write_run(tmp_path, FIRST + hours * HOUR, {"H2": outcome})  # type: ignore[dict-item]
    found = seen(tmp_path, now=FIRST + 7 * HOUR)
    assert row(found, "H2") == (
        "? unverified 2026-01-31 14:30:00 UTC 2 h 0 min ago "
        "2026-01-31 10:30:00 UTC 6 h 0 min ago 2026-01-31 12:30:00 UTC 4 h 0 min ago 4"
    )
    assert row(found, "H4").endswith(
        "✓ held 2026-01-31 14:30:00 UTC 2 h 0 min ago 2026-01-31 14:30:00 UTC 2 h 0 min ago — 0"
    )
    assert signs(found, "H2") == ["violated", "held", "unverified", "violated", "violated", "unverified"]


def test_what_never_held_says_so(tmp_path: Path) -> None:
    write_run(tmp_path, FIRST, {"H2": "violated"})
    assert " never " in row(seen(tmp_path), "H2")


def kept(number: int, outcome: str) -> Kept:
    at = FIRST + number * HOUR
    return Kept(
        str(number),
        "mine",
        False,
        at,
        Verdict.PASSED,
        {"H1": outcome},
        1,
        1,
        0,
        {},
        (),
        (),
        0,
        "sealed",
        None,
        False,
        None,
    )


@given(st.text("hvuw", max_size=12))
def test_each_time_of_violation_begins_with_the_first_that_saw_it_and_ends_with_the_first_that_held(runs: str) -> None:
    words = {"h": "held", "v": "violated", "u": "unverified", "w": "waived"}
    all_ = [kept(number, words[letter]) for number, letter in enumerate(runs)]
    expected = [
        Stretch("H1", all_[one.start()], one[0].count("v"), all_[one.end() - 1] if one[1] else None)
        for one in re.finditer("v[^h]*(h?)", runs)
    ]
    assert list(stretches(all_, "H1")) == expected


def test_time_to_recovery_is_told_and_what_is_still_violated_comes_first(tmp_path: Path) -> None:
    for hours, broken in ((0, "H2"), (1, "H2"), (27, "H4"), (28, "H1")):
        write_run(tmp_path, FIRST + hours * HOUR, {broken: "violated"})
    told = seen(tmp_path, now=FIRST + 30 * HOUR).within("recovery")
    assert re.findall(r"(H\d) P\d.*?(> )?(\d+ d? ?\d* ?h \d* ?m?i?n?|\d+ d \d+ h) (\d+)(?= H|$)", told) == [
        ("H1", "> ", "2 h 0 min", "1"),
        ("H4", "", "1 h 0 min", "1"),
        ("H2", "", "1 d 3 h", "2"),
    ]
    assert told.count("still violated") == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (7260, "2 h 1 min"), (90_000, "1 d 1 h")]
)
def test_how_long_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("outcome", "verdict"), [("violated", "✕ FAILED"), ("unverified", "? INCONCLUSIVE"), ("waived", "✓ PASSED")]
)
def test_a_run_of_another_section_hides_nothing(tmp_path: Path, outcome: Outcome, verdict: str) -> None:
    write_run(tmp_path, FIRST, {"R4": outcome}, sections=["rls"])
    write_run(tmp_path, FIRST + HOUR)
    found = seen(tmp_path)
    assert verdict_of(found).startswith(verdict)
    assert verdict_of(found).endswith(f"R4 {outcome}")
    assert ("EXCEPT what is waived (checks: 1)" in verdict_of(found)) == (outcome == "waived")
    assert "✓ PASSED 36 / 36" in found.within("about-run")
    write_run(tmp_path, FIRST + 2 * HOUR, sections=["rls"])
    assert re.match("✓ PASSED.* ✓ mine : [^:]*: [^:]*$", verdict_of(seen(tmp_path)))


def test_what_an_incident_came_to_is_not_what_the_target_is_like_today(tmp_path: Path) -> None:
    write_run(tmp_path, FIRST, sections=["health"])
    write_run(tmp_path, FIRST + HOUR, {"I1": "violated"}, sections=["incident"], start={"incident": "20260131-1"})
    found = seen(tmp_path)
    assert verdict_of(found).startswith("✓ PASSED")
    assert "FAILED mine, 20260131-1" in found.text


def test_each_target_has_its_own_history_the_worst_first(tmp_path: Path) -> None:
    write_run(tmp_path, FIRST, target="a")
    write_run(tmp_path, FIRST, {"H2": "violated"}, target="b")
    write_run(tmp_path, FIRST, {"H2": "unverified"}, target="c")
    found = seen(tmp_path)
    assert re.findall(r"([✓✕?]) ([abc]) ", verdict_of(found)) == [("✕", "b"), ("?", "c"), ("✓", "a")]
    assert len(found.all("table", "grid")) == 3


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


NOT_WHOLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "killed": (lambda reports: write_run(reports, FIRST + HOUR, killed=True), "the run was killed, or still goes on"),
    "a gap": (lambda reports: write_run(reports, FIRST + HOUR, gaps=["worker gw1 died"]), "worker gw1 died"),
    "torn": (lambda reports: torn(write_run(reports, FIRST + HOUR) / RECORD), "is torn"),
    "empty": (lambda reports: (write_run(reports, FIRST + HOUR) / RECORD).write_bytes(b""), "has no beginning"),
    "later than now": (
        lambda reports: write_run(reports, FIRST + HOUR, start={"at": "2030-01-01T00:00:00+00:00"}),
        "it began later than now",
    ),
}


@pytest.mark.parametrize(("write", "why"), NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_a_run_that_is_not_whole_proves_nothing_and_says_why(
    tmp_path: Path, write: Callable[[Path], object], why: str
) -> None:
    write_run(tmp_path, FIRST)
    write(tmp_path)
    found = seen(tmp_path)
    assert verdict_of(found).startswith("? INCONCLUSIVE")
    assert why in found.within("why")
    # What held in it is not what held last.
    assert " 2026-01-31 09:30:00 UTC " in row(found, "H1")
    assert found.within("about-run").split("last passed ")[1].startswith("2026-01-31 09:30:00 UTC")


def test_what_a_gap_is_not_about_counts(tmp_path: Path) -> None:
    write_run(
        tmp_path, FIRST, gaps=["not collected: checks/health/test_cors.py::test_preflight_allows_what_admin_needs"]
    )
    found = seen(tmp_path)
    assert signs(found, "H3") == ["gap"]
    assert signs(found, "H4") == ["held"]


class Sealed:
    """A folder of sealed runs, and the command."""

    def __init__(self, folder: Path, runs: int = 2) -> None:
        self.reports = folder / "reports"
        self.key = folder / "key.pem"
        keys.new(self.key)
        self.signer = keys.signer(self.key)
        self.runs = [write_run(self.reports, FIRST + number * HOUR) for number in range(runs)]
        for run in self.runs:
            seal(run, self.signer, Redactor())

    def run(self, *arguments: str | Path) -> Result:
        """`runbook evidence`."""
        return CliRunner().invoke(main, ["evidence", *map(str, arguments)], env={"RUNBOOK_KEY": str(self.key)})

    def break_glass(self, target: str) -> None:
        """Access to a target is opened without proof."""
        folder = self.reports / "20260131T120000Z-glass-1"
        folder.mkdir()
        said = {"run": folder.name, "verdict": "BREAK-GLASS", "target": target, "by": "Sari", "why": "an <b>exam"}
        with ledger.held(self.reports) as book:
            book.enter("break-glass", folder / GLASS, {**said, "until": "2026-02-01T00:00:00+00:00"}, {}, self.signer)


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    return Sealed(tmp_path)


def test_a_seal_that_holds_is_told_with_whose_it_is(sealed: Sealed) -> None:
    assert "sealed by the key of nobody who is known" in seen(sealed.reports).within("about-run")
    sealed.run("index", "--reports", sealed.reports)
    text = (sealed.reports / "index.html").read_text(encoding="utf-8")
    assert "you" in Seen(text).within("about-run")
    assert WORDS["gone"]["en"] not in text


def test_a_run_that_was_changed_after_its_seal_proves_nothing(sealed: Sealed) -> None:
    (sealed.runs[1] / "junit.xml").write_text("", encoding="utf-8")
    found = seen(sealed.reports)
    assert verdict_of(found).startswith("? INCONCLUSIVE")
    assert "junit.xml: was not there when the run was sealed" in found.within("why")
    assert "NOT WHOLE" in found.within("about-run")


def test_a_seal_that_was_taken_away_is_missed(sealed: Sealed) -> None:
    (sealed.runs[1] / SEAL).unlink()
    found = seen(sealed.reports)
    assert verdict_of(found).startswith("? INCONCLUSIVE")
    assert "its seal is gone" in found.within("why")


@pytest.mark.parametrize(("which", "verdict"), [(0, "✓ PASSED"), (1, "? INCONCLUSIVE")])
def test_a_run_that_is_gone_is_loud_and_a_later_one_might_say_otherwise(
    sealed: Sealed, which: int, verdict: str
) -> None:
    shutil.rmtree(sealed.runs[which])
    found = seen(sealed.reports)
    assert f"{sealed.runs[which].name} PASSED" in found.within("loud")
    assert verdict_of(found).startswith(verdict)
    assert (WORDS["unsure"]["en"] in found.text) == (which == 1)


def test_a_ledger_without_any_run_is_shown(sealed: Sealed) -> None:
    for run in sealed.runs:
        shutil.rmtree(run)
    found = seen(sealed.reports)
    assert verdict_of(found).startswith("? INCONCLUSIVE")
    assert all(run.name in found.within("loud") for run in sealed.runs)


def test_a_ledger_that_does_not_hold_together_is_loud(sealed: Sealed) -> None:
    with (sealed.reports / ledger.LEDGER).open("ab") as file:
        file.write(b"{")
    found = seen(sealed.reports)
    assert "ledger.jsonl, line 3: is torn" in found.within("loud")
    assert verdict_of(found).startswith("? INCONCLUSIVE")


def test_a_run_that_names_no_target_may_be_the_latest_of_any(tmp_path: Path) -> None:
    write_run(tmp_path, FIRST)
    torn_run = write_run(tmp_path, FIRST + HOUR)
    (torn_run / RECORD).write_bytes(b"{")
    found = seen(tmp_path)
    assert verdict_of(found).startswith("? INCONCLUSIVE")
    assert WORDS["no target means"]["en"] in found.text
    write_run(tmp_path, FIRST + 2 * HOUR)
    assert verdict_of(seen(tmp_path)).startswith("✓ PASSED")


@pytest.mark.parametrize("target", ["mine", "another"])
def test_access_without_proof_is_loud_also_where_a_target_has_no_run(sealed: Sealed, target: str) -> None:
    sealed.break_glass(target)
    loud = seen(sealed.reports).within("alarm")
    assert f"{target}: BREAK-GLASS" in loud
    assert loud.endswith("an <b>exam")


def test_without_a_ledger_the_alarm_of_the_latest_run_is_loud(tmp_path: Path) -> None:
    write_run(tmp_path, FIRST, start={"alarms": ["BREAK-GLASS of yesterday"]})
    assert "mine: BREAK-GLASS of yesterday" in seen(tmp_path).within("alarm")
    assert "access was open without proof" in seen(tmp_path).within("why")
    write_run(tmp_path, FIRST + HOUR)
    assert seen(tmp_path).within("alarm") == ""


def test_a_run_is_shown_as_the_gate_decided_it(sealed: Sealed) -> None:
    gate = sealed.runs[1] / GATE
    gate.mkdir()
    said = {"run": sealed.runs[1].name, "target": "mine", "verdict": "INCONCLUSIVE", "gaps": ["the target has changed"]}
    with ledger.held(sealed.reports) as book:
        book.enter("verdict", gate / "verdict.json", said, {SEAL: "0" * 64}, sealed.signer)
    found = seen(sealed.reports)
    assert verdict_of(found).startswith("? INCONCLUSIVE")
    assert "the target has changed" in found.within("why")
    assert "decided by the gate" in found.within("about-run")


def test_the_page_of_a_run_is_linked_where_there_is_one(sealed: Sealed) -> None:
    sealed.run("page", sealed.runs[0])
    sealed.run("index", "--reports", sealed.reports)
    links = {one["href"] for one in Seen((sealed.reports / "index.html").read_text(encoding="utf-8")).all("a")}
    assert {link for link in links if not link.startswith("#")} == {f"{sealed.runs[0].name}.html"}
    elsewhere = sealed.reports.parent / "all.html"
    assert sealed.run("index", "--reports", sealed.reports, "--output", elsewhere).output == f"{elsewhere}\n"
    assert f'href="reports/{sealed.runs[0].name}.html"' in elsewhere.read_text(encoding="utf-8")


def test_the_index_is_no_part_of_the_evidence(sealed: Sealed) -> None:
    assert sealed.run("index", "--reports", sealed.reports).exit_code == 0
    assert sealed.run("verify", sealed.reports).exit_code == 0
    assert sealed.run("index", "--reports", sealed.reports).exit_code == 0, "it can be written anew"


@pytest.mark.parametrize(
    ("reports", "output", "told"),
    [
        (".", "index.html", "there is no run in it"),
        ("none", "index.html", "there is no run in it"),
        ("some", "no/x", "no/x cannot be written"),
    ],
)
def test_what_cannot_be_shown_or_written_is_told(tmp_path: Path, reports: str, output: str, told: str) -> None:
    write_run(tmp_path / "some", FIRST)
    arguments = ["evidence", "index", "--reports", str(tmp_path / reports), "--output", str(tmp_path / output)]
    result = CliRunner().invoke(main, arguments, env={"RUNBOOK_KEY": ""})
    assert result.exit_code == 2
    assert told in result.output
    assert not (tmp_path / output).exists()


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_a_record_is_shown_and_not_obeyed(tmp_path: Path, text: str) -> None:
    start = {"target": text, "by": text, "host": text, "severity": text, "commit": text, "alarms": [text]}
    folder = write_run(tmp_path, FIRST, {"H2": "violated"}, gaps=[text], start=start)
    there = folder.rename(tmp_path / f"20260131T093000Z-{text.replace('/', '')}")
    Path(f"{there}.html").write_text("", encoding="utf-8")
    found, plain = seen(tmp_path), seen(write_run(tmp_path / "plain", FIRST, {"H2": "violated"}).parent)
    assert " ".join(text.split()) in found.text
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in plain.elements}
    assert {name for _, attributes in found.elements for name in attributes if name.startswith("on")} == set()
    assert all(one["href"].startswith(("#", "20260131T093000Z-")) for one in found.all("a"))
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert found.all("meta") == plain.all("meta")


def test_of_many_runs_the_last_have_a_column_and_it_is_made_soon(tmp_path: Path) -> None:
    for number in range(MANY):
        write_run(tmp_path, FIRST + number * HOUR / 4, {"H2": "violated"} if number % 7 == 0 else {}, each=2)
    assert 2 * sum(len(clause.checks) for clause in of_section("health")) > 50
    began = time.process_time()
    html = index(tmp_path, BOTH, {}, tmp_path, NOW)
    assert time.process_time() - began < SECONDS
    assert len(html.encode()) < BYTES
    found = Seen(html)
    assert len(signs(found, "H2")) == RUNS_SHOWN
    assert len(found.all("g")) == MANY
    assert f"The last {RUNS_SHOWN} runs of {MANY}" in found.text
