"""A run as its record tells it: read back, and judged anew from nothing but that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runbook.clauses import clauses
from runbook.evidence.chain import FIRST, Entry, Lines
from runbook.evidence.record import RECORD, WORST_FIRST, CheckRecord
from runbook.evidence.verdict import Judgement, judge
from runbook.settings_gate import Waiver
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


class _Record:
    """What the lines of a record tell, kept as they go by: a record may have more of them than memory should hold."""

    def __init__(self, observations: bool) -> None:
        self._observations = observations
        self._types: Counter[str] = Counter()
        self._untimed = self._set_back = False
        self._latest: datetime | None = None
        self.first: Entry = {}
        self.last: Entry = {}
        self.digest = FIRST
        self.required: list[str] = []
        self.checks: dict[str, CheckRecord] = {}
        self.times: dict[str, datetime] = {}
        self.evidence: dict[str, str] = {}
        self.gaps: list[str] = []

    def add(self, number: int, entry: Entry, digest: str) -> None:
        """Take in the next line."""
        type_, at = str(entry.get("type")), _time(entry)
        self.first = self.first or entry
        self.last, self.digest = entry, digest
        self._types[type_] += 1
        self._untimed |= at is None
        if at is not None:
            self._set_back |= self._latest is not None and self._latest - at > CLOCK_SLACK
            self._latest = at
        if type_ == "plan":
            self.required += _texts(entry.get("required"))
        elif type_ == "check":
            self._add_check(number, _check(entry), at, digest)

    def _add_check(self, number: int, check: CheckRecord | None, at: datetime | None, digest: str) -> None:
        if check is None or at is None:
            self.gaps.append(f"{RECORD}, line {number}: is no record of a check")
            return
        if not self._observations:
            check = replace(check, observation=[])
        if check.check in self.checks:
            self.gaps.append(f"recorded twice: {check.check}")
            check = min(check, self.checks[check.check], key=lambda one: WORST_FIRST.index(one.outcome))
        self.checks[check.check], self.times[check.check] = check, at
        self.evidence[check.check] = " ".join(filter(None, (self.evidence.get(check.check), digest)))

    @property
    def start(self) -> Entry:
        """The first line, if it is what the first one is to be."""
        return self.first if self.first.get("type") == "start" else {}

    @property
    def verdict(self) -> Entry:
        """The last line, likewise."""
        return self.last if self.last.get("type") == "verdict" else {}

    def lacks(self) -> Iterator[str]:
        """What a whole record would have, and this one has not."""
        if not self.start:
            yield "the record has no beginning"
        if not self.verdict:
            yield "the record has no verdict: the run was killed, or still goes on"
        for type_, name in (("start", "beginnings"), ("verdict", "verdicts"), ("plan", "lists of what is required")):
            if self._types[type_] > 1:
                yield f"the record has {self._types[type_]} {name}"
        if not self._types["plan"]:
            yield "the record does not say which checks were required"
        if self._untimed:
            yield "a line of the record does not say when"
        if self._set_back:
            yield "the clock was set back while the record was written"


def read(folder: Path, *, observations: bool = True) -> Run:
    """Read the record in a run's folder. Never raises for what is in it. What the checks observed takes most of the
    memory, and may be left out."""
    record, lines = _Record(observations), Lines(folder / RECORD)
    for number, (entry, digest) in enumerate(lines, 1):
        record.add(number, entry, digest)
    start, verdict, checks, required = record.start, record.verdict, record.checks, record.required
    gaps = [*filter(None, [lines.fault]), *record.lacks(), *_texts(verdict.get("gaps")), *record.gaps]
    if required:
        gaps += [f"not required: {id_}" for id_ in sorted(checks.keys() - set(required))]
    waivers = _waivers(start)
    gaps += [
        f"waived without a waiver: {id_}"
        for id_, check in checks.items()
        if _unwaived(check, record.times[id_], waivers)
    ]
    sections, named = _texts(start.get("sections")), _texts(start.get("clauses"))
    # A clause that came into the runbook later was not wanted of this run.
    concerned = [one for one in clauses().values() if (one.id in named if named else one.section in sections)]
    judgement = judge(concerned, required, checks, list(dict.fromkeys(gaps)))
    if verdict and verdict.get("verdict") != judgement.verdict:
        judgement = judgement.with_gaps([f"the record says {verdict.get('verdict')}, and holds {judgement.verdict}"])
    return Run(
        folder,
        start,
        verdict,
        tuple(required),
        checks,
        record.times,
        record.evidence,
        waivers,
        judgement,
        record.digest,
    )


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
