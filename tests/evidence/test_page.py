"""The page of a run tells what the record tells, in every language that was asked for, and obeys none of it."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.clauses import Language, clauses, of_section
from runbook.evidence.chain import Entry
from runbook.evidence.journal import Fact
from runbook.evidence.page import Seal, page, screenshots
from runbook.evidence.page.text import showable
from runbook.evidence.page.words import WORDS
from runbook.evidence.record import CheckRecord, Outcome
from runbook.evidence.run import Run
from runbook.evidence.verdict import judge
from runbook.settings_gate import Waiver
from tests.evidence.written_runs import FORGED, Draft, drafts, forged, written

BOTH: tuple[Language, ...] = ("id", "en")
BEGAN = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
START = {
    "target": "mine",
    "severity": "production",
    "by": "somebody",
    "host": "here",
    "clean": True,
    "commit": "c" * 40,
}
ISOLATION = "checks/rls/test_isolation.py::test_member_stays_within_the_event"
EXPOSURE = "checks/rls/test_exposure.py::test_stranger_reaches_nothing"
DRIFT = "checks/rls/test_drift.py::test_nothing_has_drifted"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
VOID = ("meta", "link", "img", "br")
MANY = 20_000
SECONDS = 5
BYTES = 10_000_000


def check(clause: str, outcome: Outcome, name: str = "", reason: str | None = None, *facts: Fact) -> CheckRecord:
    id_ = name if "::" in name else f"checks/{clauses()[clause].section}/test_{clause}.py::test_{name or 'one'}"
    return CheckRecord(id_, clause, clauses()[clause].severity, outcome, 0.5, reason, list(facts))


def run_of(
    *checks: CheckRecord,
    sections: Sequence[str] = ("health",),
    not_run: Sequence[str] = (),
    gaps: Sequence[str] = (),
    start: Mapping[str, object] = {},
    folder: Path = Path("20260131T093000Z-mine-1"),
    waivers: tuple[Waiver, ...] = (),
) -> Run:
    """A run of which this became: each check ended a second after the one before it."""
    records = {one.check: one for one in checks}
    required = [*records, *not_run]
    judgement = judge([c for c in clauses().values() if c.section in sections], required, records, gaps)
    times = {id_: BEGAN + timedelta(seconds=number) for number, id_ in enumerate(records, 1)}
    first: Entry = {**START, "type": "start", "at": BEGAN.isoformat(), "sections": list(sections), **start}
    last: Entry = {"type": "verdict", "at": (BEGAN + timedelta(seconds=len(checks))).isoformat()}
    return Run(folder, first, last, tuple(required), records, times, {}, waivers, judgement, "f" * 64)


class Seen(HTMLParser):
    """A page as it is read: its elements, and its texts with the language and the classes that they stand in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str, tuple[str, ...]]] = []
        self._open: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()
        assert self._open == [], "left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.elements.append((tag, attributes))
        if tag not in VOID:
            language = attributes.get("lang") or (self._open[-1][1] if self._open else "")
            self._open.append((tag, language, attributes.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop()[0]
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open[-1][0] != "style":
            self.texts.append((data, self._open[-1][1], tuple(one[2] for one in self._open)))

    def all(self, tag: str, class_: str = "") -> list[dict[str, str]]:
        return [
            found for name, found in self.elements if name == tag and class_ in ("", *found.get("class", "").split())
        ]

    @property
    def text(self) -> str:
        """What can be read, without breaks."""
        return " ".join(" ".join(text for text, _, _ in self.texts).split())

    def within(self, class_: str) -> str:
        """What can be read in elements of a class."""
        found = [text for text, _, classes in self.texts if any(class_ in one.split() for one in classes)]
        return " ".join(" ".join(found).split())


def seen(run: Run, languages: Sequence[Language] = BOTH, seal: Seal | None = None) -> Seen:
    return Seen(page(run, languages, seal))


def plain(text: str) -> str:
    """A text of the record as it can be read on the page."""
    return " ".join(showable(text).split())


@pytest.mark.parametrize("languages", [("id",), ("en",), ("id", "en"), ("en", "id")], ids=str)
@pytest.mark.parametrize("outcome", ["held", "violated", "unverified", "out of scope"])
def test_the_page_speaks_the_languages_of_the_target_and_no_other(
    outcome: Outcome, languages: tuple[Language, ...]
) -> None:
    found = seen(run_of(*(check(clause.id, outcome) for clause in of_section("health"))), languages)
    verdict = "FAILED" if outcome == "violated" else "PASSED" if outcome == "held" else "INCONCLUSIVE"
    for language in BOTH:
        there = language in languages
        told = [text for text, spoken, _ in found.texts if spoken == language]
        assert (WORDS[verdict][language] in told) == there
        assert (WORDS[outcome][language] in told) == there
        assert (clauses()["H1"].wording[language] in told) == there
        assert (clauses()["H1"].remedy[language] in found.text) == (there and outcome == "violated")
        assert (WORDS["unproven"][language] in told) == (there and outcome == "unverified")
    assert found.all("html") == [{"lang": languages[0]}]


def test_every_word_is_there_in_both_languages() -> None:
    for words in WORDS.values():
        assert words.keys() == set(BOTH)
        assert all(words.values())


def test_the_verdict_comes_first() -> None:
    found = seen(run_of(check("H4", "violated"), check("H2", "violated")))
    first = [text for text, _, _ in found.texts if text != "✕"][1:3]
    assert first == [WORDS["FAILED"]["id"], WORDS["FAILED"]["en"]]


def test_what_was_violated_is_named_beside_the_verdict_the_gravest_first() -> None:
    run = run_of(check("H2", "violated"), check("H3", "unverified"), check("H4", "violated"), gaps=["worker died"])
    assert re.findall(r"H\d P\d|\d celah", seen(run).within("verdict")) == [
        *("H4 P0", "H2 P1"),
        *("H1 P0", "H5 P1", "H3 P2"),
        "3 celah",
    ]


def test_who_ran_what_when_and_where_stands_at_the_top() -> None:
    told = seen(run_of(check("H1", "held"), check("H1", "held", "more"))).within("about-run")
    for text in ("mine", "production", "2026-01-31 09:30:00 UTC", "2.00 s", "somebody", "here", "2 terpenuhi"):
        assert text in told


def test_a_clause_shows_what_did_not_hold_the_worst_first_each_with_its_reason() -> None:
    run = run_of(
        check("H1", "out of scope", "forged", "the key is held elsewhere"),
        check("H1", "unverified", "reached", "no answer"),
        check("H1", "held", "fine"),
        *(check("H1", "violated", f"refused[GET /{number}]", "answered 200\nand more") for number in range(14)),
        sections=["health"],
    )
    told = seen(run, ["en"]).within("clause")
    assert re.search(
        r"violated refused . 14 answered 200 and more GET /0 .* GET /11 \+2 .*"
        r"unverified reached no answer .*out of scope forged the key is held elsewhere",
        told,
    )
    assert "H1 P0 ✕ violated 1 / 17 checks" in told
    assert " fine" not in told


def test_what_was_observed_stands_with_what_did_not_hold() -> None:
    fact: Fact = {"kind": "http", "request": "GET /events", "status": 200, "request_id": "4711"}
    assert (
        "request: GET /events, status: 200, request_id: 4711"
        in seen(run_of(check("H1", "violated", "", "", fact))).text
    )


def test_what_was_not_verified_is_told_with_its_reason() -> None:
    name = "checks/health/test_authentication.py::test_api_answers"
    run = run_of(
        check("H2", "unverified", "reached", "no answer"),
        check("H3", "out of scope", "forged", "held elsewhere"),
        not_run=[f"{name}[{number}]" for number in range(20)],
        gaps=["worker gw1 died", "not collected: checks/health/test_x.py::test_y", "worker gw1 died"],
    )
    told = seen(run, ["en"]).within("list")
    assert "! gap — worker gw1 died ! gap y not collected ? not run H1 api answers \u00d7 20 " in told
    assert told.count("worker gw1 died") == 1
    assert "+8" in told
    assert "? unverified H2 reached no answer" in told
    assert "— out of scope H3 forged held elsewhere" in told


def test_what_is_waived_is_told_with_who_answers_for_it_and_until_when() -> None:
    both = [
        Waiver(
            waives=name,
            reason=f"{name} is moved to another host",
            owner="Sari",
            expires=datetime(2026, 3, 1, tzinfo=UTC),
        )
        for name in ("H3", "H5")
    ]
    others = [check(id_, "held") for id_ in ("H1", "H2", "H4", "H5")]
    run = run_of(check("H3", "waived", "shown", "waived until then"), *others, waivers=tuple(both))
    page_seen = seen(run, ["en"])
    assert "EXCEPT what is waived (checks: 1)" in page_seen.within("verdict")
    assert "~ H3 P2 waived" in page_seen.within("verdict")
    assert "H3 H3 is moved to another host Sari 2026-03-01 00:00 UTC 1 checks" in page_seen.text
    assert "H5 H5 is moved to another host Sari 2026-03-01 00:00 UTC not used: all of it held" in page_seen.text
    assert "EXCEPT" not in seen(run_of(*others), ["en"]).text


def test_nothing_unverified_is_said_too() -> None:
    run = run_of(*(check(clause.id, "held") for clause in of_section("health")))
    assert WORDS["all verified"]["en"] in seen(run).text


def test_a_clause_is_not_shown_as_good_while_checks_of_it_did_not_run() -> None:
    name = "checks/health/test_authentication.py::test_api_answers"
    run = run_of(check("H1", "held"), not_run=[name])
    first = seen(run).all("article")[0]
    assert first["class"] == "clause open"
    assert "1 / 2" in seen(run).within("clause")
    assert seen(run_of(check("H1", "held"))).all("article")[0]["class"] == "clause good"


def test_a_violation_of_a_clause_that_was_not_asked_for_is_shown() -> None:
    stray = replace(check("H1", "violated", "stray", "it is open"), clause="<b>X9")
    told = seen(run_of(stray, check("H1", "held"))).within("clause")
    assert WORDS["stranger clause"]["en"] in told
    assert "stray it is open" in told


def test_a_run_that_was_killed_says_so() -> None:
    run = replace(run_of(check("H1", "held"), gaps=["the record has no verdict"]), verdict={})
    found = seen(run)
    assert WORDS["no end"]["en"] in found.text
    assert "the record has no verdict" in found.within("list")
    assert WORDS["INCONCLUSIVE"]["en"] in found.within("verdict")


@pytest.mark.parametrize(
    ("clean", "told"),
    [(True, None), (False, "not clean means"), (None, "clean unknown means"), ("yes", "not clean means")],
)
def test_code_that_was_changed_is_loud(clean: object, told: str | None) -> None:
    found = seen(run_of(check("H1", "held"), start={"clean": clean}))
    loud = found.within("loud")
    assert loud == (f"⚠ {WORDS[told]['id']} {WORDS[told]['en']}" if told else "")
    assert (WORDS["clean"]["en"] in found.text) == (told is None)


def test_the_environment_shows_whatever_the_record_says_of_it() -> None:
    seen_by_database: Fact = {"kind": "database", "connected": True, "server": 180004}
    start = {"python": "3.11.7", "tables": 9, "population": "d" * 64, "later": {"part": [1, "two"]}, "rls": "no login"}
    told = seen(run_of(check("H1", "held", "", None, seen_by_database), start=start)).text
    for text in ("3.11.7", "9", "d" * 64, "c" * 40, "f" * 64, "PostgreSQL 18.4", "later : part 1, two", "no login"):
        assert text in told


def facts(command: str, **answers: str) -> Fact:
    return {"kind": "rls", "command": command, **answers}


def matrix(*checks: CheckRecord, not_run: Sequence[str] = ()) -> tuple[list[str], list[str], list[str]]:
    """The states of the rows, their names, and the signs of all cells."""
    found = seen(run_of(*checks, sections=["rls"], not_run=not_run), ["en"])
    states = [one["class"] for one in found.all("tr") if one.get("class") in ("open", "undecided", "closed")]
    names = [text for text, _, classes in found.texts if classes[-2:] == ("name", "")][1:]
    signs = [text for text, _, classes in found.texts if len(classes) > 1 and classes[-2].startswith("s ")]
    return states, names, signs[::2]


def test_the_matrix_shows_each_answer_and_the_open_relations_first() -> None:
    states, names, signs = matrix(
        check(
            "R4",
            "held",
            f"{ISOLATION}[a.closed select]",
            None,
            facts("select", ann="hidden; control: own", bob="refused"),
        ),
        check("R4", "violated", f"{ISOLATION}[b.open select]", "!", facts("select", ann="reached", bob="not granted")),
        check("R4", "unverified", f"{ISOLATION}[c.dark select]", "!", facts("select", ann="blind", bob="a new answer")),
        check("R4", "held", f"{EXPOSURE}[a.closed out]", None, facts("select", out="hidden; control: own")),
    )
    assert states == ["open", "undecided", "closed"]
    assert names == ["b.open", "c.dark", "a.closed"]
    assert signs == ["✕", "—", "?", "?", "○", "○", "■"]


def test_strangers_come_before_members_in_the_matrix() -> None:
    found = seen(
        run_of(
            check("R4", "held", f"{ISOLATION}[a.b select]", None, facts("select", ann="refused")),
            check("R4", "held", f"{EXPOSURE}[a.b out]", None, facts("select", out="refused")),
            sections=["rls"],
        )
    )
    groups = [text for text, _, classes in found.texts if classes[-1] == "first"]
    assert groups == ["out", "ann"]


@pytest.mark.parametrize("outcome", ["violated", "unverified", None])
def test_a_relation_of_which_nothing_was_seen_is_not_shown_as_closed(outcome: Outcome | None) -> None:
    known = check("R4", "held", f"{ISOLATION}[a.known select]", None, facts("select", ann="refused"))
    dark = f"{ISOLATION}[a.dark select]"
    if outcome is None:
        states, names, _ = matrix(known, not_run=[dark])
    else:
        states, names, _ = matrix(known, check("R4", outcome, dark, "why"))
    assert list(zip(states, names, strict=True)) == [("undecided", "a.dark"), ("closed", "a.known")]


def test_a_relation_keeps_its_whole_name() -> None:
    _, names, _ = matrix(
        check("R4", "held", f"{ISOLATION}[a.my table update]", None, facts("update", ann="refused")),
        check("R4", "held", f"{EXPOSURE}[a.my table ann]", None, facts("select", ann="refused")),
        check(
            "R4",
            "held",
            f"{ISOLATION.replace('member', 'function')}[a.f(x int, y text)]",
            None,
            facts("select", ann="refused"),
        ),
        check("R4", "unverified", f"{ISOLATION}[nothing-read]", "no connection"),
    )
    assert names == ["a.f(x int, y text)", "a.my table"]


def test_of_many_relations_those_with_the_same_answers_stand_together() -> None:
    held = [
        check("R4", "held", f"{ISOLATION}[a.t{number:03} select]", None, facts("select", ann="refused"))
        for number in range(100)
    ]
    bad = [
        check("R4", "violated", f"{ISOLATION}[a.bad{number} select]", "!", facts("select", ann="reached"))
        for number in range(3)
    ]
    states, names, _ = matrix(*held, *bad)
    assert states == ["open"] * 3 + ["closed"]
    assert names[:4] == ["a.bad0", "a.bad1", "a.bad2", "a.t000"]
    assert "+96" in seen(run_of(*held, *bad, sections=["rls"])).text


def test_a_run_without_checks_of_access_says_that_it_proves_none() -> None:
    found = seen(run_of(check("H1", "held")))
    assert WORDS["no access"]["en"] in found.text
    assert WORDS["no drift"]["en"] in found.text
    assert found.all("table", "matrix") == []


def test_drift_is_told_by_kind() -> None:
    run = run_of(
        check("R4", "held", f"{DRIFT}[roles]"),
        check("R4", "violated", f"{DRIFT}[policies]", "gone: p on t"),
        sections=["rls"],
    )
    assert "roles ✓ held policies ✕ violated gone: p on t" in seen(run, ["en"]).within("list")


def test_the_timeline_shows_when_each_check_ran() -> None:
    found = seen(
        run_of(check("H1", "held"), check("H1", "violated", "bad"), check("H2", "held", "x"), check("H2", "held", "y"))
    )
    bars = [(one["class"], float(one["x"]), float(one["width"]), one["height"]) for one in found.all("rect")]
    assert bars == [
        ("held", 125, 125, "40"),
        ("violated", 375, 125, "100"),
        ("held", 625, 125, "40"),
        ("held", 875, 125, "40"),
    ]
    assert "bad, violated: 1.50 s to 2.00 s" in found.text


def test_checks_that_the_timeline_cannot_tell_apart_are_one_bar() -> None:
    records = [check("H1", "held", f"x[{number}]") for number in range(500)]
    run = run_of(*records)
    moment = BEGAN + timedelta(seconds=100)
    found = seen(replace(run, times=dict.fromkeys(run.times, moment)))
    assert len(found.all("rect")) == 1
    assert "500 checks, held: 1 min 40 s to 1 min 40 s" in found.text


def test_a_run_without_a_seal_says_what_follows() -> None:
    told = seen(run_of(check("H1", "held"))).text
    assert "TIDAK BERSEGEL" in told
    assert WORDS["not sealed means"]["en"] in told
    assert "runbook evidence verify 20260131T093000Z-mine-1" in told


@pytest.mark.parametrize("signer", ["Ayu", None])
def test_a_seal_is_shown_and_how_to_verify_it(signer: str | None) -> None:
    seal = Seal("k" * 64, signer, "2026-01-31T09:31:00Z", "e" * 64, (("run.jsonl", "a" * 64), ("<b>.png", "b" * 64)))
    told = seen(run_of(check("H1", "held")), seal=seal).text
    for text in ("k" * 64, signer or WORDS["nobody known"]["en"], seal.signed_at, seal.digest, "<b>.png", "b" * 64):
        assert text in told
    assert WORDS["sealed means"]["en"] in told
    assert WORDS["not sealed"]["en"] not in told
    assert "runbook evidence verify 20260131T093000Z-mine-1" in told


def test_the_command_can_be_pasted_whatever_the_folder_is_called() -> None:
    told = seen(run_of(check("H1", "held"), folder=Path("/somewhere/it's; rm -rf x"))).text
    assert """runbook evidence verify 'it'"'"'s; rm -rf x'""" in told
    assert "somewhere" not in told


def test_screenshots_are_in_the_page_and_nothing_else_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run" / "screenshots"
    folder.mkdir(parents=True)
    (tmp_path / "private.png").write_bytes(PNG + b"private")
    (folder / "linked.png").symlink_to(tmp_path / "private.png")
    (folder / "admin-events.png").write_bytes(PNG)
    (folder / "admin-foreign-origin.png").write_bytes(b"<svg onload=alert(1)>")
    (folder / "large.png").write_bytes(PNG + b"x" * 500)
    monkeypatch.setattr(screenshots, "PICTURE_BYTES", 500)
    found = seen(run_of(check("H1", "held"), folder=tmp_path / "run"))
    [picture] = found.all("img")
    assert base64.b64decode(picture["src"].partition("data:image/png;base64,")[2]) == PNG
    assert picture["alt"] == WORDS["admin-events"]["id"]
    assert found.text.count(WORDS["not shown"]["en"]) == 2
    assert "large.png, SHA-256" in found.text
    assert "linked" not in found.text


def test_all_checks_are_there_what_held_by_its_parameters() -> None:
    name = "checks/health/test_authentication.py::test_api_answers"
    run = run_of(
        *(check("H1", "held", f"fine[p{number}]") for number in range(30)),
        check("H1", "violated", "fine[bad]", "answered 200"),
        not_run=[f"{name}[late]"],
    )
    told = seen(run, ["en"]).within("of-clause")
    assert "fine 30 / 31 violated , 15.5 s checks/health/test_H1.py" in told
    assert all(f" p{number} " in told for number in range(30))
    assert "answered 200 bad" in told
    assert re.search(r"api answers 0 / 1 not run , 0.00 s \S+ \? not run late", told)


TAGS = {
    *(
        "html",
        "head",
        "meta",
        "link",
        "title",
        "style",
        "body",
        "header",
        "nav",
        "main",
        "footer",
        "section",
        "article",
    ),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "div",
        "span",
        "b",
        "i",
        "small",
        "code",
        "pre",
        "a",
        "br",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
    ),
    *(
        "table",
        "caption",
        "colgroup",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "abbr",
        "details",
        "summary",
        "figure",
        "img",
    ),
    *("figcaption", "svg", "rect"),
}
MARKUP = (
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "' autofocus onfocus=alert(1) '",
    "<!-- ",
    "{{ 7 * 7 }}{% raw %}",
    "`<b>`",
    "&lt;i&gt;&#x3c;",
    "]]><a href=javascript:alert(1)>",
)


def sound(found: Seen) -> None:
    """No script, no address but its own anchors and its own pictures, ids that are its own, headings in order."""
    assert {tag for tag, _ in found.elements} <= TAGS
    names = {name for _, attributes in found.elements for name in attributes}
    assert not [name for name in names if name.startswith("on")]
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in found.elements:
        for name in ("href", "src"):
            value = attributes.get(name, "data:")
            assert value.startswith("data:") or (tag == "a" and value[1:] in ids), value
        assert tag != "th" or attributes.get("scope")
        assert tag != "img" or attributes.get("alt")
        for other in ("aria-labelledby",):
            assert attributes.get(other, ids[0]) in ids
    [policy] = [one["content"] for one in found.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch(r"h\d", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert [tag for tag, _ in found.elements if tag in ("header", "nav", "main", "footer")] == [
        *("header", "nav", "main", "footer")
    ]


@settings(max_examples=30, deadline=None)
@given(drafts(), st.sampled_from([("id",), ("en", "id"), ("id", "en")]))
def test_whatever_a_record_holds_the_page_is_whole_and_says_why(draft: Draft, languages: tuple[Language, ...]) -> None:
    run, _ = written(draft)
    html = page(run, languages)
    assert html.encode("utf-8")
    found = Seen(html)
    sound(found)
    verdict = str(run.judgement.verdict)
    assert found.within("verdict").startswith({"PASSED": "✓", "FAILED": "✕", "INCONCLUSIVE": "?"}[verdict])
    for gap in set(run.judgement.gaps):
        if "::" not in gap:
            assert plain(gap) in found.text
    for record in run.checks.values():
        if record.outcome != "held" and record.reason:
            assert plain(record.reason) in found.text


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_markup_in_a_record_is_shown_and_not_obeyed(data: st.DataObject) -> None:
    text = st.lists(st.sampled_from(MARKUP), min_size=1, max_size=2).map("".join)
    id_, reason, answer, name = (data.draw(text) for _ in range(4))
    outcome: Outcome = data.draw(st.sampled_from(["violated", "unverified", "out of scope"]))
    bad = check("R4", outcome, f"{ISOLATION}[{id_} select]", reason, {"kind": "rls", "command": id_, name: answer})
    run = run_of(
        bad,
        check("R4", "held", f"{EXPOSURE}[{name} {id_}]", None, {"kind": "rls", "command": name, id_: answer}),
        check("R4", outcome, f"{DRIFT}[{id_}]", reason),
        sections=["rls", "health"],
        not_run=[f"{name}::{id_}[{reason}]"],
        gaps=[reason, f"{name}: {id_}"],
        start={name: {id_: reason}, "target": name, "by": id_, "severity": answer, "rls": reason, "commit": name},
        folder=Path(id_.replace("/", "")),
    )
    seal = Seal(name, id_, reason, answer, ((id_, name),))
    found = seen(run, BOTH, seal)
    sound(found)
    for one in (id_, reason, name):
        assert plain(one) in found.text
    assert found.all("meta") == seen(run_of(check("H1", "held"))).all("meta")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("held", 0), ("violated", 1), ("unverified", MANY)],
    ids=["held", "one reason", "each its own"],
)
def test_a_page_of_many_checks_stays_small_and_is_made_soon(outcome: Outcome, reason: int) -> None:
    commands = ("select", "insert", "update", "delete", "move")
    answers = ("refused", "not granted", "hidden; control: organizer: own event", "reached" if reason else "refused")
    people = ("organizer", "assessor", "participant", "both")
    records = [
        check(
            "R4",
            outcome,
            f"{ISOLATION}[public.a_relation_with_a_long_name_{number // 5} {commands[number % 5]}]",
            f"{number % reason} let others in; {'why ' * 500}" if reason else None,
            facts(commands[number % 5], **{who: answers[number // 5 // 4**at % 4] for at, who in enumerate(people)}),
        )
        for number in range(MANY)
    ]
    run = run_of(*records, sections=["rls"])
    began = time.perf_counter()
    html = page(run, BOTH)
    assert time.perf_counter() - began < SECONDS
    assert len(html.encode()) < BYTES
    assert html.count("a_relation_with_a_long_name_") >= MANY


@pytest.mark.parametrize(("at", "seconds"), FORGED)
def test_times_that_cannot_be_are_shown_and_not_believed(at: str, seconds: object) -> None:
    run, _ = forged(at, seconds)
    assert "INCONCLUSIVE" in page(run, BOTH)
