"""No format says more than the record: PASSED nowhere but for a run that is, and the same bytes for the same record."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from runbook.clauses import clauses
from runbook.errors import EvidenceError
from runbook.evidence import chain
from runbook.evidence.formats import FORMATS, intoto
from runbook.evidence.formats.account import accounts, told
from runbook.evidence.record import CheckRecord
from runbook.evidence.verdict import Verdict
from runbook.text import line
from tests.evidence.written_runs import (
    FILES,
    FORGED,
    HOSTILE,
    Draft,
    drafts,
    forged,
    in_all_formats,
    waived,
    whole,
    written,
)

MANY = 20_000
SECONDS = 5
BAD = ("violated", "unverified")


def _test_result(data: bytes) -> bool:
    predicate = json.loads(data)["predicate"]
    assert (predicate["result"] == "FAILED") == bool(predicate["failedTests"])
    assert predicate["result"] != "PASSED" or not predicate["warnedTests"]
    return bool(predicate["result"] != "FAILED")


def _svr(data: bytes) -> bool:
    properties = json.loads(data)["predicate"]["properties"]
    assert bool(properties) == (properties[:1] in (["RUNBOOK_PASSED"], ["RUNBOOK_PASSED_EXCEPT_WAIVED"]))
    return bool(properties)


def _oscal(data: bytes) -> bool:
    [result] = json.loads(data)["assessment-results"]["results"]
    states = [finding["target"]["status"] for finding in result["findings"]]
    assert all((status["state"] == "satisfied") == (status["remarks"] == "held") for status in states)
    assert all((status["reason"] == "pass") == (status["state"] == "satisfied") for status in states)
    good = not any(status["remarks"] in BAD for status in states)
    assert good == result["title"].startswith("PASSED") == ("PASSED" in result["description"])
    return good


def _hdf(data: bytes) -> bool:
    """As Heimdall reads it: any error or failure, or no result at all, and a control is not passed."""
    document = json.loads(data)
    [profile] = document["profiles"]
    passed = [
        bool(control["results"]) and not {result["status"] for result in control["results"]} & {"failed", "error"}
        for control in profile["controls"]
    ]
    assert (document["passthrough"]["verdict"] == "PASSED") == all(passed)
    assert (document["statistics"]["controls"]["failed"]["total"] == 0) == all(passed)
    return all(passed)


def _traceability(data: bytes) -> bool:
    return not {row["outcome"] for row in _rows(data)} & set(BAD)


def _openmetrics(data: bytes) -> bool:
    text = data.decode()
    passed = re.search(r'^runbook_verdict\{.*,verdict="PASSED"\} 1\.0$', text, re.MULTILINE) is not None
    bad = re.search(r'^runbook_checks\{.*,outcome="(violated|unverified)"\} (?!0\.0$)', text, re.MULTILINE)
    assert passed == (bad is None)
    return passed


def _junit(data: bytes) -> bool:
    root = ET.fromstring(data)
    assert (root.find(".//failure") is None and root.find(".//error") is None) == root.attrib["name"].endswith("PASSED")
    return root.attrib["name"].endswith("PASSED")


SAYS_PASSED: dict[str, Callable[[bytes], bool]] = {
    "test-result": _test_result,
    "svr": _svr,
    "oscal-results": _oscal,
    "hdf": _hdf,
    "traceability": _traceability,
    "openmetrics": _openmetrics,
    "junit": _junit,
}
"""How a reader tells a run that passed from another, by format. The plan says nothing of what became of it."""


def _rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def test_every_format_is_read_by_a_test() -> None:
    assert SAYS_PASSED.keys() | {"oscal-plan"} == FORMATS.keys()
    assert len({format_.file for format_ in FORMATS.values()}) == len(FORMATS)


@settings(max_examples=300, deadline=None)
@given(drafts())
def test_no_format_says_passed_but_for_a_run_that_is(draft: Draft) -> None:
    run, files = in_all_formats(draft)
    told = {name: says(files[name]) for name, says in SAYS_PASSED.items()}
    assert set(told.values()) == {run.judgement.verdict is Verdict.PASSED}, (told, run.judgement.gaps)


@settings(max_examples=50, deadline=None)
@given(drafts())
def test_the_same_record_gives_the_same_bytes(draft: Draft) -> None:
    run, _ = written(draft)
    for format_ in FORMATS.values():
        once = format_.write(run, FILES)
        shuffled = dict(reversed(FILES.items()))
        assert format_.write(run, shuffled) == once
        once.decode("utf-8", "strict")


@pytest.mark.parametrize(("at", "seconds"), FORGED)
def test_a_forged_record_says_passed_nowhere(at: str, seconds: object) -> None:
    run, _ = forged(at, seconds)
    files = {name: one.write(run, FILES) for name, one in FORMATS.items()}
    assert not any(says(files[name]) for name, says in SAYS_PASSED.items())


def test_a_whole_run_passes_in_every_format() -> None:
    run, files = in_all_formats(whole("health", "rls"))
    assert run.judgement.verdict is Verdict.PASSED
    assert all(says(files[name]) for name, says in SAYS_PASSED.items())
    assert json.loads(files["svr"])["predicate"]["properties"][:3] == [
        "RUNBOOK_PASSED",
        "RUNBOOK_HEALTH_PASSED",
        "RUNBOOK_RLS_PASSED",
    ]


NOT_WHOLE = {
    "a gap": lambda draft: replace(draft, gaps=["a worker died"]),
    "a check that did not run": lambda draft: replace(draft, checks=draft.checks[1:], not_run=[draft.checks[0].check]),
    "a check that was skipped": lambda draft: replace(
        draft, checks=[replace(draft.checks[0], outcome="unverified"), *draft.checks[1:]]
    ),
    "killed": lambda draft: replace(draft, told=None),
    "torn": lambda draft: replace(draft, after=b"{"),
    "a violated check of another section": lambda draft: replace(
        draft, checks=[*draft.checks, CheckRecord("x.py::test_x", "R4", "P0", "violated", 0.0)]
    ),
    "a violated check of no clause": lambda draft: replace(
        draft, checks=[*draft.checks, CheckRecord("x.py::test_x", "X9", "P0", "violated", 0.0)]
    ),
    "a verdict that the checks do not bear": lambda draft: replace(draft, told="FAILED"),
}


def test_what_the_target_was_is_told() -> None:
    _, files = in_all_formats(whole("health"))
    [told_of] = [
        one for one in json.loads(files["test-result"])["predicate"]["configuration"] if one["name"] == "fingerprint"
    ]
    assert told_of["annotations"] == {"commit": "e" * 40, "system": "7/=mine"}
    assert json.loads(files["hdf"])["passthrough"]["fingerprint"] == told_of["annotations"]
    [oscal] = json.loads(files["oscal-results"])["assessment-results"]["results"]
    assert {"target-commit": "e" * 40}.items() <= {one["name"]: one["value"] for one in oscal["props"]}.items()


def test_what_is_waived_is_held_in_no_format() -> None:
    run, files = in_all_formats(waived(whole("health")))
    assert run.judgement.verdict == "PASSED"
    checks = [check for check in run.checks if run.checks[check].clause == "H3"]
    result = json.loads(files["test-result"])["predicate"]
    assert result["result"] == "WARNED"
    assert result["warnedTests"] == checks
    assert not set(checks) & set(result["passedTests"])
    properties = json.loads(files["svr"])["predicate"]["properties"]
    assert "RUNBOOK_H1_HELD" in properties
    assert not {"RUNBOOK_PASSED", "RUNBOOK_HEALTH_PASSED", "RUNBOOK_H3_HELD"} & set(properties)
    [oscal] = json.loads(files["oscal-results"])["assessment-results"]["results"]
    [finding] = [one for one in oscal["findings"] if one["title"].startswith("H3")]
    assert finding["target"]["status"]["state"] == "not-satisfied"
    [control] = [one for one in json.loads(files["hdf"])["profiles"][0]["controls"] if one["id"] == "H3"]
    assert control["waiver_data"]["expiration_date"] == "2999-01-31T00:00:00.000Z"
    assert control["waiver_data"]["justification"] == "Admin moves to another host (Sari)"
    assert {one["status"] for one in control["results"]} == {"skipped"}
    assert 'runbook_clause_held{target="mine",clause="H3"} 0.0' in files["openmetrics"].decode()
    assert {row["outcome"] for row in _rows(files["traceability"]) if row["clause"] == "H3"} == {"waived"}


def test_a_record_that_says_waived_needs_the_waiver() -> None:
    run, _ = written(replace(waived(whole("health")), start={}))
    assert run.judgement.verdict == "INCONCLUSIVE"
    assert "waived without a waiver: " in str(run.judgement.gaps)


@pytest.mark.parametrize("broken", NOT_WHOLE.values(), ids=NOT_WHOLE)
def test_what_keeps_a_run_from_passed_shows_in_every_format(broken: Callable[[Draft], Draft]) -> None:
    run, files = in_all_formats(broken(whole("health")))
    assert run.judgement.verdict is not Verdict.PASSED
    assert not any(says(files[name]) for name, says in SAYS_PASSED.items())


def test_no_clause_is_held_in_a_run_with_gaps() -> None:
    run, _ = written(replace(whole("health"), gaps=["a worker died"]))
    assert {account.outcome for account in accounts(run)} == {"unverified"}


def test_a_clause_that_held_is_satisfied_beside_one_that_is_violated() -> None:
    draft = whole("health")
    run, _ = written(replace(draft, checks=[replace(draft.checks[0], outcome="violated"), *draft.checks[1:]]))
    told = {account.clause.id: account.outcome for account in accounts(run)}
    assert told == {"H1": "violated", "H2": "held", "H3": "held", "H4": "held", "H5": "held", "RUN": "held"}


def test_what_was_not_verified_has_failed_in_a_test_result() -> None:
    draft = whole("health")
    first, second, third, *rest = draft.checks
    changed = [replace(first, outcome="unverified"), replace(second, outcome="out of scope", reason="no key"), *rest]
    run, _ = written(replace(draft, checks=changed, not_run=[third.check], gaps=["a worker died"]))
    predicate = json.loads(intoto.written(intoto.test_result(run, FILES)))["predicate"]
    assert {first.check, third.check, "RUN: a worker died"} <= set(predicate["failedTests"])
    assert set(predicate["passedTests"]) == {check.check for check in rest}
    assert {"name": "out of scope", "annotations": {second.check: "no key"}} in predicate["configuration"]


def test_a_few_checks_of_a_clause_do_not_prove_it() -> None:
    draft = whole("health")
    run, files = in_all_formats(
        replace(draft, checks=[*draft.checks, CheckRecord("x.py::test_x", "R4", "P0", "held", 0.0)])
    )
    assert run.judgement.verdict is Verdict.PASSED
    assert [account.clause.id for account in accounts(run)] == ["H1", "H2", "H3", "H4", "H5", "RUN"]
    assert not [one for one in json.loads(files["svr"])["predicate"]["properties"] if "RLS" in one or "R4" in one]


def test_a_suite_that_was_changed_is_told_so() -> None:
    run, _ = written(replace(whole("health"), start={"clean": False, "by": None}))
    assert [told(run, name) for name in ("clean", "by", "sections")] == ["False", "unknown", "health"]


def test_a_statement_is_about_something() -> None:
    run, _ = written(whole("health"))
    with pytest.raises(EvidenceError, match="needs the files"):
        intoto.svr(run, {})


def test_hdf_says_why_and_how_bad() -> None:
    draft = whole("health")
    first, second, *rest = draft.checks
    reasons = [replace(first, outcome="out of scope", reason="no key"), replace(second, outcome="unverified")]
    _, files = in_all_formats(replace(draft, checks=[*reasons, *rest]))
    controls = {control["id"]: control for control in json.loads(files["hdf"])["profiles"][0]["controls"]}
    assert {id_: control["impact"] for id_, control in controls.items()} == {
        "H1": 1.0,
        "H2": 0.7,
        "H3": 0.3,
        "H4": 1.0,
        "H5": 0.7,
        "RUN": 1.0,
    }
    skipped, error = controls["H1"]["results"][:2]
    assert (skipped["status"], skipped["skip_message"]) == ("skipped", "no key")
    assert (error["status"], error["message"]) == ("error", "unverified, without a reason")


@pytest.mark.parametrize("name", ["oscal-plan", "oscal-results", "hdf", "junit"])
def test_clauses_are_told_in_both_languages(name: str) -> None:
    text = in_all_formats(whole("health"))[1][name].decode()
    for clause in clauses().values():
        if clause.section == "health":
            assert clause.wording["en"] in text
            assert clause.wording["id"] in text


def test_each_row_of_the_matrix_points_to_its_line() -> None:
    draft = whole("health", each=2)
    run, record = written(draft)
    rows = _rows(FORMATS["traceability"].write(run, FILES))
    digests = {chain.digest(chain.canonical(entry)): entry for entry in record.entries}
    for row in rows[:-1]:
        entry = digests[row["evidence_sha256"]]
        assert entry["check"] == f"{row['check']}[{row['item']}]"
        assert [entry["clause"], entry["severity"]] == [row["clause"], row["severity"]]
    assert [rows[-1]["clause"], rows[-1]["check"], len(rows)] == ["RUN", "the record", len(draft.checks) + 1]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_cell_is_a_formula(text: str) -> None:
    draft = whole("health")
    first, *rest = draft.checks
    changed = replace(first, check=f"{first.check.partition('[')[0]}[{text}]", outcome="violated", reason=text)
    _, files = in_all_formats(replace(draft, checks=[changed, *rest]))
    [row] = [row for row in _rows(files["traceability"]) if row["outcome"] == "violated"]
    assert row["item"].replace("'", "") == row["reason"].replace("'", "") == line(text).replace("'", "")
    assert not files["traceability"].isascii() or len(files["traceability"].splitlines()) == len(draft.checks) + 2
    for cell in [part for value in row.values() for part in value.split(";")]:
        assert not re.match(r"""[\s"]*[=+@-]""", cell)


@pytest.fixture(scope="module")
def many() -> Draft:
    """A run of twenty thousand checks, some of which did not hold."""
    draft = whole("health", each=MANY // sum(len(c.checks) for c in clauses().values() if c.section == "health") + 1)
    checks = [
        replace(one, outcome="violated", reason="open") if not n % 99 else one for n, one in enumerate(draft.checks)
    ]
    return replace(draft, checks=checks[:MANY], told="FAILED")


def test_twenty_thousand_checks_take_seconds(many: Draft) -> None:
    run, _ = written(many)
    assert len(run.checks) == MANY
    for name, format_ in FORMATS.items():
        before = time.process_time()
        format_.write(run, FILES)
        assert time.process_time() - before < SECONDS, name
