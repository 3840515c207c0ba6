"""A target's waivers: what need not hold for a while, read from the file beside its settings."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from runbook.clauses import clauses
from runbook.errors import SettingsError
from runbook.settings_gate import Waiver
from runbook.settings_values import Frozen
from runbook.toml_file import document_in, faults_of

LONGEST = timedelta(days=366)
"""A waiver that lasts longer is a decision about the runbook, and belongs into it."""


class _File(Frozen):
    waiver: tuple[Waiver, ...] = ()


def waivers_in(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a target; none where the file is not there.

    Raises SettingsError for one that is malformed, has expired, waives what is unknown, or what another one waives.
    """
    if not path.exists():
        return ()
    try:
        waivers = _File.model_validate(document_in(path)).waiver
    except ValidationError as error:
        raise SettingsError([f"{path}: {key}: {fault}" for key, fault in faults_of(error, _File)]) from None
    if faults := list(_faults(waivers, datetime.now(UTC))):
        raise SettingsError([f"{path}: waiver.{key}: {fault}" for key, fault in faults])
    return waivers


def _faults(waivers: Sequence[Waiver], now: datetime) -> Iterator[tuple[str, str]]:
    known = known_names()
    first: dict[str, int] = {}
    for number, waiver in enumerate(waivers):
        if waiver.expires.utcoffset() != timedelta(0):
            yield f"{number}.expires", "must be in UTC: write it like 2026-01-31T00:00:00Z"
        elif waiver.expires <= now:
            yield f"{number}.expires", f"has expired: ask {waiver.owner} for a new one, or remove it"
        elif waiver.expires > now + LONGEST:
            yield f"{number}.expires", f"is more than {LONGEST.days} days away"
        if waiver.waives.partition("[")[0] not in known:
            yield f"{number}.waives", f"{waiver.waives} is neither a check nor a clause"
        if first.setdefault(waiver.waives, number) != number:
            yield f"{number}.waives", f"{waiver.waives} is waived by waiver.{first[waiver.waives]} already"


def known_names(sections: Container[str] | None = None) -> frozenset[str]:
    """Every clause, and every check by its file and function and by its function alone; of these sections, or all."""
    found = [clause for clause in clauses().values() if sections is None or clause.section in sections]
    checks = [check for clause in found for check in clause.checks]
    return frozenset([*(clause.id for clause in found), *checks, *(check.rpartition("::")[2] for check in checks)])


def idle(waivers: Sequence[Waiver], required: Collection[str], sections: Container[str]) -> Iterator[str]:
    """Waivers for checks of these sections that are not among those there are: one was renamed, or its parameter is
    gone. A clause without checks is told as such."""
    known = known_names(sections) - clauses().keys()
    for waiver in waivers:
        if waiver.waives.partition("[")[0] in known and not any(waiver_of(check, "", [waiver]) for check in required):
            yield f"a waiver is for no check that there is: {waiver.waives}"


def names_of(check: str, clause: str) -> frozenset[str]:
    """What a check goes by where it is waived or out of scope: its clause, and its function, with its file or without,
    with its parameters or without."""
    function, bracket, parameters = check.partition("[")
    name = function.rpartition("::")[2]
    return frozenset([clause, function, check, name, name + bracket + parameters])


def waiver_of(check: str, clause: str, waivers: Sequence[Waiver]) -> Waiver | None:
    """The waiver that a check falls under."""
    names = names_of(check, clause)
    return next((waiver for waiver in waivers if waiver.waives in names), None)
