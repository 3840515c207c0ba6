"""What a run must have done to count: read off the target and the runbook before it begins, without pytest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runbook.clauses import of_section
from runbook.database.connection import Database
from runbook.database.population import introspect
from runbook.errors import EvidenceError, Unverified
from runbook.evidence.journal import Journal
from runbook.fingerprint import Fingerprint, take
from runbook.rls.inspection import inspect

if TYPE_CHECKING:
    from runbook.evidence.run import Run
    from runbook.settings import Settings

NEVER_LEFT_OUT = ("rls",)
"""Sections of which a gate accepts no check that was declared out of scope or waived."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the record of a run must show.

    `sections` of the runbook; for those of a population, the `items` that its checks must name; `fingerprint` of the
    target; `unread` says why something of it could not be read, which no run can make good.
    """

    settings: Settings
    sections: tuple[str, ...]
    items: Mapping[str, tuple[str, ...]]
    fingerprint: Fingerprint
    began: datetime
    unread: tuple[str, ...] = ()


def expect(settings: Settings, profile: str) -> Expectation:
    """Read what a profile requires of this target. Raises EvidenceError when the settings have no such profile."""
    if profile not in settings.gate.profiles:
        known = ", ".join(settings.gate.profiles)
        raise EvidenceError(f"gate.profiles has no {profile!r}; there is {known}")
    sections = settings.gate.profiles[profile]
    began = datetime.now(UTC)
    items: dict[str, tuple[str, ...]] = {}
    unread: list[str] = []
    database = Database(settings, Journal())
    try:
        if "health" in sections:
            items["health"] = tuple(table.name for table in introspect(database, settings).tables)
        if "rls" in sections:
            items["rls"] = tuple(str(item) for item in inspect(database, settings).items)
    except Unverified as error:
        unread.append(str(error))
    finally:
        database.close()
    return Expectation(settings, sections, items, take(settings), began, tuple(unread))


def shortfalls(expected: Expectation, run: Run, now: Fingerprint) -> Iterator[str]:
    """What keeps a run from proving what was expected, beside its own judgement; `now` is the target after it."""
    yield from expected.unread
    yield from _another_run(expected, run)
    clauses = [clause for section in expected.sections for clause in of_section(section)]
    functions = {check.partition("[")[0] for check in run.checks}
    yield from (f"not checked: {check}" for clause in clauses for check in clause.checks if check not in functions)
    yield from (f"required, and not checked: {check}" for check in run.required if check not in run.checks)
    for section, items in expected.items.items():
        if not items:
            yield f"{section}: nothing is there to be checked"
        named = _named(check for check in run.checks if check.startswith(f"checks/{section}/"))
        yield from (f"{section}: no check names {item}" for item in items if item not in named)
    left_out = {clause.id for section in NEVER_LEFT_OUT for clause in of_section(section)}
    for check in run.checks.values():
        if check.outcome in ("out of scope", "waived") and check.clause in left_out:
            yield f"{check.outcome}, which a gate does not accept of {check.clause}: {check.check}"
    yield from _another_target(expected, run, now)


def _another_run(expected: Expectation, run: Run) -> Iterator[str]:
    settings, start = expected.settings, run.start
    waivers = [waiver.model_dump(mode="json") for waiver in settings.waivers]
    told = {"target": settings.name, "severity": settings.severity, "sections": sorted(expected.sections)}
    if start.get("waivers", []) != waivers:
        yield "the record is of other waivers than those of the settings"
    yield from (
        f"the record is of {name} {start.get(name)}, not {value}"
        for name, value in told.items()
        if start.get(name) != value
    )
    if run.began is None or run.began < expected.began:
        yield "the record began before the gate did: it is of another run, or the clock was set back"
    if run.ended is not None and run.ended > datetime.now(UTC):
        yield "the record ended in the future: the clock was set back"


def _another_target(expected: Expectation, run: Run, now: Fingerprint) -> Iterator[str]:
    before = expected.fingerprint
    recorded = run.start.get("fingerprint")
    yield from (f"while it was verified: {part}" for part in now.differs_from(before.known))
    yield from (
        f"not the target that was verified: {part}"
        for part in before.differs_from(recorded if isinstance(recorded, dict) else {})
    )
    accepted = {entry.check for entry in expected.settings.out_of_scope}
    for part, reason in before.unknown.items():
        if f"fingerprint.{part}" not in accepted:
            yield f"{part} of the target is not known: {reason}; or declare fingerprint.{part} out of scope"


def _named(checks: Iterator[str]) -> set[str]:
    """What the parameters of checks name: each parameter, and each beginning of it that ends at a blank."""
    found: set[str] = set()
    for check in checks:
        words = check.partition("[")[2].removesuffix("]").split(" ")
        found.update(" ".join(words[:count]) for count in range(1, len(words) + 1))
    return found
