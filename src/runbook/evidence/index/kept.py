"""What is kept of a run for the index: a few words and numbers, never its record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from runbook.clauses import clause_of, clauses
from runbook.evidence.export import as_decided, sealed
from runbook.evidence.page.clauses import missing
from runbook.evidence.page.text import cut, plain
from runbook.evidence.run import read
from runbook.evidence.seal import GATE, SEAL
from runbook.evidence.verify import verify_run

if TYPE_CHECKING:
    from runbook.evidence.chain import Chained
    from runbook.evidence.run import Run
    from runbook.evidence.verdict import Verdict

GAPS_KEPT = 4
"""Reasons told of a run; the rest is on its own page."""
NAME_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Kept:
    """A run without its record.

    `target`: with the incident that the run was about, where it was: that says nothing of the target's state today.
    `at`: when it began (UTC), by its record or else its folder's name; None where neither says so. `cells`: what became
    of each clause that it was about; one that held in a run with gaps is none that held. `held` of `total` checks that
    were in scope. `about`: what else the record's first line says. `gaps`: the first few, and `more` how many others.
    `seal` is a word: sealed, not sealed, or not whole. `signer`: the name that is trusted for its key.
    `page`: where its page stands, as an address.
    """

    folder: str
    target: str | None
    incident: bool
    at: datetime | None
    verdict: Verdict
    cells: Mapping[str, str]
    held: int
    total: int
    waived: int
    about: Mapping[str, str | None]
    alarms: tuple[str, ...]
    gaps: tuple[str, ...]
    more: int
    seal: str
    signer: str | None
    gate: bool
    page: str | None


class _Anybody(dict[str, str]):
    """Names by key, and no key is a stranger's: whether a seal is whole is one question, whose it is another."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return key


def keep(folder: Path, names: Mapping[str, str], there: Chained, beside: Path, now: datetime) -> Kept:
    """A run as a gate decided it, where one did. What its seal does not bear out is one more gap.

    `names`: of people, by the material of their keys. `there`: the ledger that it stands in. `beside`: the folder that
    its page's address starts from.
    """
    run = as_decided(read(folder, observations=False))
    faults = list(_faults(folder, there))
    at = run.began if run.began is not None else began(folder.name)
    target = cut(plain(run.start["target"]), NAME_LENGTH) if "target" in run.start else None
    incident = cut(plain(run.start["incident"]), NAME_LENGTH) if run.start.get("incident") is not None else None
    if at is not None and at > now:
        faults.append("it says that it began later than now")
    run = run.with_gaps(faults)
    gaps = list(dict.fromkeys(run.judgement.gaps))
    seal = sealed(run, names)
    outcomes = [check.outcome for check in run.checks.values()]
    alarms = run.start.get("alarms", [])
    page = folder.with_suffix(".html")
    return Kept(
        folder=folder.name,
        target=f"{target}, {incident}" if incident is not None else target,
        incident=incident is not None,
        at=at,
        verdict=run.judgement.verdict,
        cells=dict(_cells(run, gaps)),
        held=outcomes.count("held"),
        total=len(run.checks.keys() | set(run.required)) - outcomes.count("out of scope"),
        waived=run.judgement.waived,
        about={
            name: cut(plain(run.start[name]), NAME_LENGTH) if run.start.get(name) is not None else None
            for name in ("severity", "by", "host", "commit")
        },
        alarms=tuple(map(plain, alarms if isinstance(alarms, list) else [alarms])),
        gaps=tuple(cut(gap) for gap in gaps[:GAPS_KEPT]),
        more=max(0, len(gaps) - GAPS_KEPT),
        seal="not whole" if faults and (seal or (folder / SEAL).exists()) else "sealed" if seal else "not sealed",
        signer=seal.signer if seal else None,
        gate=(folder / GATE / "verdict.json").exists(),
        page=quote(os.fsencode(os.path.relpath(page, beside))) if page.exists() else None,
    )


def began(name: str) -> datetime | None:
    """When a run began (UTC), by the name of its folder."""
    return time_of(name.partition("-")[0])


def time_of(text: object) -> datetime | None:
    """A time (UTC) as a line of the ledger says it; None where it is none."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.utcoffset() == timedelta(0) else None


def _faults(folder: Path, there: Chained) -> Iterator[str]:
    """What `runbook evidence verify` finds wrong with a seal, whoever signed it; having none is no fault in itself."""
    if (folder / SEAL).exists():
        for found in verify_run(folder, _Anybody(), there):
            if isinstance(found, str):
                yield found.removeprefix(f"{folder}{os.sep}").removeprefix(f"{folder}: ")
    elif any(line.get("run") == folder.name for line in there.entries):
        yield "it is in the ledger, and its seal is gone"


def _cells(run: Run, gaps: list[str]) -> Iterator[tuple[str, str]]:
    not_run = missing(run)
    concerned = {_concerns(gap) for gap in gaps}
    for result in run.judgement.clauses:
        id_, outcome = result.clause.id, str(result.outcome)
        if outcome not in ("violated", "unverified"):
            if id_ in not_run:
                outcome = "not run"
            elif id_ in concerned or "" in concerned:
                outcome = "gap"
        yield id_, outcome


def _concerns(gap: str) -> str:
    """The clause that a gap is about, by its checks or its id; empty where it is about the run."""
    first, _, rest = gap.partition(": ")
    return clause_of(rest) or (first if first in clauses() else "")
