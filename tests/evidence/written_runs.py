"""Runs for the formats: written as a record by the suite's own writer, read back, and broken in every way we know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from runbook.clauses import clauses
from runbook.evidence import chain
from runbook.evidence.formats import FORMATS
from runbook.evidence.record import RECORD, CheckRecord, Outcome, RunRecord
from runbook.evidence.redact import Redactor
from runbook.evidence.run import Run, read

HOSTILE = (
    "=cmd|' /C calc'!A0",
    '";=HYPERLINK("http://example.org")',
    "@SUM(1)\t-1\r\n+1",
    "\x00\x07\x1b[31m\x7f\x85\u2028\u202e",
    "\ud800 \udc80 alone",
    "\ufffe\uffff]]>&<a href='x'>\"\\",
    "-- \n\n two\nlines \n",
    "",
    " ",
)
TEXT = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=12)
WAIVED = {"waives": "H3", "reason": "Admin moves to another host", "owner": "Sari", "expires": "2999-01-31T00:00:00Z"}
FILES = {"run.jsonl": "a" * 64, "screenshots/\ud800=1.png": "b" * 64}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written into a record; `told` is the verdict that it claims, None for a run that was killed."""

    sections: Sequence[str] = ("health",)
    target: str = "mine"
    checks: Sequence[CheckRecord] = ()
    not_run: Sequence[str] = ()
    planned: bool = True
    gaps: Sequence[str] = ()
    told: str | None = "as it is"
    after: bytes = b""
    start: dict[str, object] = field(default_factory=dict)


def whole(*sections: str, each: int = 1) -> Draft:
    """A run in which everything held: `each` items of every check of these sections."""
    checks = [
        CheckRecord(f"{check}[item {number}]", clause.id, clause.severity, "held", 0.25)
        for clause in clauses().values()
        if clause.section in sections
        for check in clause.checks
        for number in range(each)
    ]
    return Draft(sections, checks=checks)


def written(draft: Draft) -> tuple[Run, chain.Chained]:
    """The run and its record, through a file."""
    with TemporaryDirectory() as there:
        folder = Path(there) / "20260131T093000Z-mine-1"
        if draft.told != "as it is":
            return _written(draft, draft.told, folder)
        told = str(_written(draft, "PASSED", folder)[0].judgement.verdict)
        if told == "PASSED":
            return read(folder), chain.read(folder / RECORD)
        # What the record claims must not be one more gap.
        honest = _written(draft, None, Path(there) / "2")[0].judgement.verdict
        claims = "FAILED" if honest == "FAILED" else "INCONCLUSIVE"
        return _written(draft, claims, Path(there) / "3")


def _written(draft: Draft, told: str | None, folder: Path) -> tuple[Run, chain.Chained]:
    record = RunRecord(folder, Redactor())
    about: dict[str, object] = {"by": "somebody", "host": "here", "suite": "0.1.0", "commit": "c" * 40, "clean": True}
    about |= {"fingerprint": {"commit": "e" * 40, "system": "7/=mine"}}
    about |= {"population": "d" * 64, "api": "http://127.0.0.1:1", **draft.start}
    record.write("start", target=draft.target, sections=list(draft.sections), **about)
    if draft.planned:
        record.write("plan", required=[*(check.check for check in draft.checks), *draft.not_run])
    for check in draft.checks:
        record.check(check)
    if told is not None:
        record.write("verdict", verdict=told, gaps=list(draft.gaps))
    record.close()
    with (folder / RECORD).open("ab") as file:
        file.write(draft.after)
    return read(folder), chain.read(folder / RECORD)


def forged(at: str, seconds: object) -> tuple[Run, chain.Chained]:
    """A chained record that this suite never wrote: with such times, and such a duration."""
    check = "checks/health/test_database.py::test_rls_is_on[public.events]"
    with TemporaryDirectory() as there:
        path = Path(there) / RECORD
        with path.open("wb") as file:
            lines = chain.Chain(file)
            lines.add({"type": "start", "at": at, "sections": ["health"], "target": {"a": [None, "\ud800"]}})
            lines.add({"type": "plan", "at": at, "required": [check, None, 1]})
            held = {"check": check, "clause": "H4", "severity": "", "outcome": "held", "duration": seconds}
            lines.add({"type": "check", "at": at, **held})
            lines.add({"type": "verdict", "at": at, "verdict": "PASSED"})
        return read(Path(there)), chain.read(path)


FORGED = [
    (at, seconds)
    for at in ("0001-01-02T00:00:00+00:00", "9999-12-31T23:59:59.999999Z", "2026-01-31T09:30:00Z", "never")
    for seconds in ("inf", "nan", -1, 1e308, 0.5)
]


def in_all_formats(draft: Draft) -> tuple[Run, dict[str, bytes]]:
    """The run, and what every format makes of it."""
    run, _ = written(draft)
    return run, {name: format_.write(run, FILES) for name, format_ in FORMATS.items()}


OUTCOMES: tuple[Outcome, ...] = ("held", "violated", "unverified", "waived", "out of scope")
CLAUSES = st.sampled_from([*clauses(), "RUN", "X9", ""]) | TEXT


@st.composite
def _check_replaced(draw: st.DrawFn, draft: Draft) -> Draft:
    """Another outcome, reason and item for a few checks."""
    checks = list(draft.checks)
    for index in draw(st.sets(st.integers(0, max(len(checks) - 1, 0)), max_size=3)) if checks else ():
        name = f"{checks[index].check.partition('[')[0]}[{index} {draw(TEXT)}]"
        outcome = draw(st.sampled_from(OUTCOMES))
        seconds = draw(st.floats(allow_nan=False, allow_infinity=False))
        reason = draw(st.none() | TEXT)
        checks[index] = replace(checks[index], check=name, outcome=outcome, reason=reason, duration=seconds)
    return replace(draft, checks=checks)


def waived(draft: Draft) -> Draft:
    """Everything of H3 did not hold, and need not."""
    checks = [replace(one, outcome="waived", reason="=later") if one.clause == "H3" else one for one in draft.checks]
    return replace(draft, checks=checks, start={**draft.start, "waivers": [WAIVED]})


def _stray(draft: Draft, name: str, clause: str, outcome: Outcome) -> Draft:
    """A check that no clause of the run has, or that the record tells of twice."""
    return replace(draft, checks=[*draft.checks, CheckRecord(name, clause, "P9", outcome, 1.0, "\ud800=1")])


_CHANGES: tuple[Callable[[Draft], st.SearchStrategy[Draft]], ...] = (
    st.just,
    _check_replaced,
    lambda draft: st.builds(_stray, st.just(draft), TEXT, CLAUSES, st.sampled_from(OUTCOMES)),
    lambda draft: st.builds(replace, st.just(draft), not_run=st.lists(TEXT, max_size=2)),
    lambda draft: st.builds(replace, st.just(draft), gaps=st.lists(TEXT, max_size=2)),
    lambda draft: st.builds(replace, st.just(draft), told=st.sampled_from(["PASSED", "FAILED", None, "\ud800"])),
    lambda draft: st.builds(replace, st.just(draft), after=st.sampled_from([b"{", b"{}\n", b"\xff\n"])),
    lambda draft: st.builds(replace, st.just(draft), planned=st.just(False)),
    lambda draft: st.builds(replace, st.just(draft), checks=st.just(draft.checks[1:])),
    lambda draft: st.builds(replace, st.just(draft), target=TEXT),
    lambda draft: st.builds(replace, st.just(draft), start=st.dictionaries(st.just("suite"), TEXT)),
    lambda draft: st.just(waived(draft)),
    lambda draft: st.just(replace(draft, checks=[replace(one, outcome="out of scope") for one in draft.checks])),
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A whole run, and up to three things that are done to it."""
    sections = draw(st.sampled_from([("health",), ("rls",), ("health", "rls"), (), ("nonsense",)]))
    draft = whole(*sections)
    for change in draw(st.lists(st.sampled_from(_CHANGES), max_size=3)):
        draft = draw(change(draft))
    return draft
