"""All runs of a folder of reports as one page that needs nothing else: no network, no script. The verdicts first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import ledger
from runbook.evidence.index.history import CELLS, WORST_FIRST, history, now_is
from runbook.evidence.index.kept import Kept, began, keep, time_of
from runbook.evidence.index.words import SIGNS, WORDS
from runbook.evidence.page.text import View, cut, moment, plain, showable
from runbook.evidence.page.words import TONES
from runbook.evidence.record import RECORD
from runbook.evidence.seal import GLASS, SEAL
from runbook.evidence.verdict import Verdict
from runbook.pages import template

if TYPE_CHECKING:
    from runbook.clauses import Language
    from runbook.evidence.chain import Chained

GONE_SHOWN = 10


def write_index(reports: Path, languages: Sequence[Language], names: Mapping[str, str], path: Path) -> Path:
    """Write the page of all runs in a folder of reports; its addresses of other pages start from where it stands.

    `names`: of people, by the material of their keys. Raises EvidenceError where there is neither run nor
    ledger, or `path` cannot be written.
    """
    now = datetime.now(UTC)
    text = index(reports.resolve(), languages, names, path.resolve().parent, now)
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written ({error.strerror})") from None
    return path


def index(reports: Path, languages: Sequence[Language], names: Mapping[str, str], beside: Path, now: datetime) -> str:
    """The page, as of now (UTC)."""
    there = ledger.read(reports)
    there_are = reports.iterdir() if reports.is_dir() else ()
    folders = [one for one in there_are if any((one / name).is_file() for name in (RECORD, SEAL))]
    if not folders and not (reports / ledger.LEDGER).exists():
        raise EvidenceError(f"{reports}: there is no run in it")
    runs = [keep(folder, names, there, beside, now) for folder in folders]
    text = template("evidence", "index/index.html.jinja").render(
        page=_parts(reports, runs, there, now),
        languages=languages,
        words=WORDS,
        signs=SIGNS,
        tones={**TONES, "sealed": "good", "not sealed": "open", "not whole": "bad"},
        cells=CELLS,
    )
    return showable(text) + "\n"


@dataclass(frozen=True, slots=True)
class Target:
    """What the runs of one target come to. `name` is None for those that name none; `unsure`: there may be a later run
    than these. `problems`: the clauses that did not hold last, by what became of them."""

    name: str | None
    verdict: Verdict
    unsure: bool
    waived: int
    problems: Mapping[str, Sequence[str]]
    history: View


@dataclass(frozen=True, slots=True)
class Gone:
    """A run that the ledger has a line of, and the folder nothing."""

    run: str
    verdict: str
    at: datetime | None

    @property
    def moment(self) -> str | None:
        """When it began, by its name, or else was entered (UTC)."""
        return moment(self.at)


def _parts(reports: Path, runs: Sequence[Kept], there: Chained, now: datetime) -> View:
    """What the page shows, in its order."""
    by_target: dict[str | None, list[Kept]] = defaultdict(list)
    # A run of which it is not known when it began may be the latest.
    for run in sorted(runs, key=lambda run: (run.at is None, run.at or now, run.folder)):
        by_target[run.target].append(run)
    gone = list(_gone(reports, {run.folder for run in runs}, there))
    anybodys = [*(run.at for run in by_target.get(None, ())), *(one.at for one in gone)]
    targets = [_target(name, found, anybodys, there, now) for name, found in by_target.items()]
    targets.sort(key=lambda one: (one.name is None, WORST_FIRST.index(one.verdict), one.name))
    # What an incident came to is told, and is not what the target is like today.
    named = [one for one in targets if one.name is not None and not all(run.incident for run in by_target[one.name])]
    verdict = min((target.verdict for target in named), key=WORST_FIRST.index, default=Verdict.INCONCLUSIVE)
    return {
        "verdict": str(verdict),
        "title": f"{verdict}: {', '.join(str(one.name) for one in named) or reports.name}, {moment(now)}",
        "now": moment(now),
        "targets": targets,
        "waived": sum(target.waived for target in named),
        "alarms": list(_alarms(reports, by_target)),
        "fault": there.fault,
        "unsure": any(target.unsure for target in named),
        "gone": gone[-GONE_SHOWN:],
        "more_gone": len(gone) - GONE_SHOWN,
        "command": f"runbook evidence verify {quote(reports.name)}",
    }


def _target(
    name: str | None, runs: Sequence[Kept], anybodys: Sequence[datetime | None], there: Chained, now: datetime
) -> Target:
    """`runs` are its own, the oldest first; `anybodys`, when there were others that may have been its own as well."""
    latest = runs[-1].at
    unsure = name is not None and (
        bool(there.fault) or any(at is None or (latest is not None and at > latest) for at in anybodys)
    )
    verdict = now_is(runs)
    if unsure or name is None:
        verdict = min(verdict, Verdict.INCONCLUSIVE, key=WORST_FIRST.index)
    # The latest run that was about each clause.
    last = {id_: run for run in runs for id_ in run.cells}
    problems: dict[str, list[str]] = {outcome: [] for outcome in CELLS}
    for id_, run in last.items():
        problems[run.cells[id_]].append(id_)
    waived = {run.folder: run.waived for id_, run in last.items() if run.cells[id_] == "waived"}
    return Target(
        name,
        verdict,
        unsure,
        sum(waived.values()),
        {outcome: found for outcome, found in problems.items() if found and outcome not in ("held", "out of scope")},
        history(runs, now),
    )


def _gone(reports: Path, found: Container[str], there: Chained) -> Iterator[Gone]:
    for line in there.entries:
        name = str(line.get("run"))
        if line.get("type") in ("run", "break-glass") and name not in found and not (reports / name / GLASS).exists():
            at = began(name) or time_of(line.get("at"))
            yield Gone(cut(name), cut(plain(line.get("verdict"))), at)


def _alarms(reports: Path, by_target: Mapping[str | None, Sequence[Kept]]) -> Iterator[tuple[str, str]]:
    """Where access is open without proof: the target, and what the ledger says; without one, what its last run said."""
    if not (reports / ledger.LEDGER).exists():
        for name, runs in by_target.items():
            yield from ((name or "", alarm) for alarm in runs[-1].alarms)
        return
    from runbook.gate.break_glass import unproved

    names = {str(name) for name in by_target if name is not None}
    for path in sorted(reports.glob(f"*/{GLASS}")):
        with suppress(EvidenceError):
            # One that cannot be read is told below, for every target.
            names.add(str(ledger.signed("break-glass", path).predicate["target"]))
    told: set[str] = set()
    for name in sorted(names):
        for found in unproved(reports, name):
            text = found if isinstance(found, str) else found.text
            if text not in told:
                told.add(text)
                yield ("" if isinstance(found, str) else name), text
