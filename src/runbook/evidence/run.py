"""A run as its record tells it: read back, and judged anew from nothing but that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runbook.clauses import clauses
from runbook.evidence import chain
from runbook.evidence.chain import Entry
from runbook.evidence.record import RECORD, WORST_FIRST, CheckRecord
from runbook.evidence.verdict import Judgement, judge
from runbook.settings import Waiver
from runbook.waivers import waiver_of

CLOCK_SLACK = timedelta(seconds=2)
"""Clocks are adjusted by less than this while they run; what goes back further was set."""
_CHECK = TypeAdapter(CheckRecord)
_WAIVERS = TypeAdapter(tuple[Waiver, ...])
_OF_THE_LINE = ("type", "at", "previous")


@dataclass(frozen=True, slots=True)
class Run:
    """What the record of a run holds.

    `start` and `verdict` are its first and its last line, empty where there is none. `required` are the ids of the
    checks that there were, `checks` what became of each that ran, `times` when they ended (UTC), `evidence` the SHA-256
    of the lines that tell of each, `waivers` those in force. `judgement` is what all of it comes to, and what is wrong
    with the record itself is among its gaps. `digest` is that of the last line.
    """

    folder: Path
    start: Entry
    verdict: Entry
    required: tuple[str, ...]
    checks: Mapping[str, CheckRecord]
    times: Mapping[str, datetime]
    evidence: Mapping[str, str]
    waivers: tuple[Waiver, ...]
    judgement: Judgement
    digest: str

    @property
    def began(self) -> datetime | None:
        """When it began (UTC)."""
        return _time(self.start)

    @property
    def ended(self) -> datetime | None:
        """When its verdict was written (UTC)."""
        return _time(self.verdict)

    def with_gaps(self, gaps: Iterable[str]) -> Run:
        """The run, judged with what others know to be missing."""
        return replace(self, judgement=self.judgement.with_gaps(gaps))


def read(folder: Path) -> Run:
    """Read the record in a run's folder. Never raises for what is in it."""
    chained = chain.read(folder / RECORD)
    entries = chained.entries
    gaps = list(_gaps(entries))
    if chained.fault:
        gaps.insert(0, chained.fault)
    start, verdict = (_the(entries, index, type_) for index, type_ in ((0, "start"), (-1, "verdict")))
    gaps += _texts(verdict.get("gaps"))
    checks: dict[str, CheckRecord] = {}
    times: dict[str, datetime] = {}
    evidence: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        if entry.get("type") != "check":
            continue
        check, at = _check(entry), _time(entry)
        if check is None or at is None:
            gaps.append(f"{RECORD}, line {number}: is no record of a check")
            continue
        if check.check in checks:
            gaps.append(f"recorded twice: {check.check}")
            check = min(check, checks[check.check], key=lambda one: WORST_FIRST.index(one.outcome))
        checks[check.check], times[check.check] = check, at
        evidence[check.check] = " ".join(filter(None, (evidence.get(check.check), chained.digests[number - 1])))
    required = [id_ for entry in entries if entry.get("type") == "plan" for id_ in _texts(entry.get("required"))]
    if required:
        gaps += [f"not required: {id_}" for id_ in sorted(checks.keys() - set(required))]
    waivers = _waivers(start)
    gaps += [
        f"waived without a waiver: {id_}" for id_, check in checks.items() if _unwaived(check, times[id_], waivers)
    ]
    sections = _texts(start.get("sections"))
    concerned = [clause for clause in clauses().values() if clause.section in sections]
    judgement = judge(concerned, required, checks, list(dict.fromkeys(gaps)))
    if verdict and verdict.get("verdict") != judgement.verdict:
        judgement = judgement.with_gaps([f"the record says {verdict.get('verdict')}, and holds {judgement.verdict}"])
    return Run(folder, start, verdict, tuple(required), checks, times, evidence, waivers, judgement, chained.last)


def _gaps(entries: Sequence[Entry]) -> Iterator[str]:
    """What a whole record would have, and this one has not."""
    types = [entry.get("type") for entry in entries]
    if not _the(entries, 0, "start"):
        yield "the record has no beginning"
    if not _the(entries, -1, "verdict"):
        yield "the record has no verdict: the run was killed, or still goes on"
    for type_, name in (("start", "beginnings"), ("verdict", "verdicts"), ("plan", "lists of what is required")):
        if types.count(type_) > 1:
            yield f"the record has {types.count(type_)} {name}"
    if "plan" not in types:
        yield "the record does not say which checks were required"
    times = [_time(entry) for entry in entries]
    if None in times:
        yield "a line of the record does not say when"
    known = [time for time in times if time is not None]
    if any(earlier - later > CLOCK_SLACK for earlier, later in pairwise(known)):
        yield "the clock was set back while the record was written"


def _the(entries: Sequence[Entry], index: int, type_: str) -> Entry:
    return entries[index] if entries and entries[index].get("type") == type_ else {}


def _check(entry: Entry) -> CheckRecord | None:
    try:
        return _CHECK.validate_python({name: value for name, value in entry.items() if name not in _OF_THE_LINE})
    except ValidationError:
        return None


def _waivers(start: Entry) -> tuple[Waiver, ...]:
    try:
        return _WAIVERS.validate_python(start.get("waivers", ()))
    except ValidationError:
        return ()


def _unwaived(check: CheckRecord, at: datetime, waivers: Sequence[Waiver]) -> bool:
    """Whether a check is said to be waived, and no waiver says so for that time."""
    if check.outcome != "waived":
        return False
    waiver = waiver_of(check.check, check.clause, waivers)
    return waiver is None or waiver.expires <= at


def _time(entry: Entry) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(entry.get("at")))
    except ValueError:
        return None
    return at if at.utcoffset() == timedelta(0) else None


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
