"""What a gate demands of a record, demand by demand: a whole one has no shortfall, and each thing amiss is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.clauses import of_section
from runbook.evidence.record import CheckRecord, RunRecord
from runbook.evidence.redact import Redactor
from runbook.evidence.run import Run, read
from runbook.fingerprint import PARTS, Fingerprint
from runbook.gate.expectation import Expectation, shortfalls
from runbook.gate.reopening import _stale
from runbook.settings_file import load
from tests.documents import LIVE, VARIABLES

[R4] = of_section("rls")
KNOWN = dict.fromkeys(PARTS, "as it was")


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Expectation, Run]:
    """A run of the RLS section that shows everything that was expected."""
    path = tmp_path / "mine.toml"
    path.write_text(LIVE, encoding="utf-8")
    settings = load(path, VARIABLES)
    began = datetime.now(UTC) - timedelta(milliseconds=10)
    record = RunRecord(tmp_path / "run", Redactor())
    checks = [f"{check}[public.notes select]" for check in R4.checks]
    record.write("start", target="mine", severity="staging", sections=["rls"], fingerprint=KNOWN)
    record.write("plan", required=checks)
    for check in checks:
        record.check(CheckRecord(check, "R4", "P0", "held", 0.1))
    record.write("verdict", verdict="PASSED")
    record.close()
    expected = Expectation(settings, ("rls",), {"rls": ("public.notes",)}, Fingerprint(KNOWN, {}), began)
    return expected, read(tmp_path / "run")


def told(expected: Expectation, run: Run, now: Fingerprint | None = None) -> list[str]:
    return list(shortfalls(expected, run, now or expected.fingerprint))


def test_a_whole_run_has_none(whole: tuple[Expectation, Run]) -> None:
    assert whole[1].judgement.verdict == "PASSED"
    assert told(*whole) == []


def _out_of_scope(expected: Expectation, run: Run) -> tuple[Expectation, Run]:
    first, *_ = run.checks
    return expected, replace(run, checks={**run.checks, first: replace(run.checks[first], outcome="out of scope")})


def _waived(expected: Expectation, run: Run) -> tuple[Expectation, Run]:
    first, *_ = run.checks
    return expected, replace(run, checks={**run.checks, first: replace(run.checks[first], outcome="waived")})


def _fewer(expected: Expectation, run: Run) -> tuple[Expectation, Run]:
    return expected, replace(run, checks=dict(list(run.checks.items())[1:]))


def _start(**changed: object) -> Callable[[Expectation, Run], tuple[Expectation, Run]]:
    return lambda expected, run: (expected, replace(run, start={**run.start, **changed}))


def _later(expected: Expectation, run: Run) -> tuple[Expectation, Run]:
    return replace(expected, began=datetime.now(UTC) + timedelta(minutes=1)), run


def _items(*items: str) -> Callable[[Expectation, Run], tuple[Expectation, Run]]:
    return lambda expected, run: (replace(expected, items={"rls": items}), run)


def _unknown(expected: Expectation, run: Run) -> tuple[Expectation, Run]:
    return replace(expected, fingerprint=Fingerprint(KNOWN, {"commit": "no route"})), run


FUTURE = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
AMISS: dict[str, tuple[Callable[[Expectation, Run], tuple[Expectation, Run]], str]] = {
    "RLS waived": (_waived, "waived, which a gate does not accept of R4"),
    "other waivers": (_start(waivers=[{"waives": "R4"}]), "the record is of other waivers than those of the settings"),
    "RLS declared out of scope": (_out_of_scope, "out of scope, which a gate does not accept of R4"),
    "a check less": (_fewer, "not checked: checks/rls/"),
    "a relation that no check names": (_items("public.notes", "public.letters"), "rls: no check names public.letters"),
    "a relation whose name only begins alike": (_items("public.note"), "rls: no check names public.note"),
    "nothing there": (_items(), "rls: nothing is there to be checked"),
    "another target": (_start(target="other"), "the record is of target other, not mine"),
    "another severity": (_start(severity="local"), "the record is of severity local, not staging"),
    "other sections": (_start(sections=["health"]), "the record is of sections"),
    "before the gate": (_later, "the record began before the gate did"),
    "no time": (_start(at="never"), "the record began before the gate did"),
    "another state": (
        _start(fingerprint={**KNOWN, "policies": "x"}),
        "not the target that was verified: policies was x",
    ),
    "no state": (_start(fingerprint=None), "not the target that was verified: commit was not known"),
    "a part that nobody knows": (_unknown, "commit of the target is not known: no route"),
    "unread": (lambda e, r: (replace(e, unread=("no connection",)), r), "no connection"),
    "a verdict of the future": (
        lambda e, r: (e, replace(r, verdict={**r.verdict, "at": FUTURE})),
        "the record ended in the future",
    ),
}


@pytest.mark.parametrize(("change", "named"), AMISS.values(), ids=AMISS)
def test_what_is_amiss_is_named(
    whole: tuple[Expectation, Run], change: Callable[[Expectation, Run], tuple[Expectation, Run]], named: str
) -> None:
    found = told(*change(*whole))
    assert any(one.startswith(named) for one in found), found


@pytest.mark.parametrize("part", PARTS)
def test_a_target_that_changes_meanwhile_is_named(whole: tuple[Expectation, Run], part: str) -> None:
    [found] = told(*whole, now=Fingerprint({**KNOWN, part: "otherwise"}, {}))
    assert found == f"while it was verified: {part} was as it was, and is otherwise"


def test_a_verdict_counts_from_when_it_was_written() -> None:
    now = datetime.now(UTC)
    assert list(_stale((now - timedelta(minutes=14)).isoformat(), 15)) == []
    assert "run the gate again" in str(list(_stale((now - timedelta(minutes=16)).isoformat(), 15)))
    assert "of the future" in str(list(_stale((now + timedelta(minutes=1)).isoformat(), 15)))
