"""H5: every graduation decision has its audit evidence, and nobody can change or remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.database import audit
from runbook.database.connection import Caller
from runbook.errors import Unverified

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fixtures.api import People
    from runbook.database.audit import Command, Fact, Trail
    from runbook.database.connection import Database
    from runbook.settings import Settings

pytestmark = clause("H5")


def test_every_decision_has_its_entry(trail: Trail) -> None:
    """No decision is without an audit entry."""
    assert trail.without_entry == 0, f"{trail.without_entry} of {trail.decisions} decisions have no entry"


def test_every_entry_has_its_decision(trail: Trail) -> None:
    """No audit entry is about a decision that does not exist."""
    assert trail.without_decision == 0, f"{trail.without_decision} of {trail.entries} entries have no decision"


@pytest.mark.parametrize("fact", audit.FACTS)
def test_entry_says(trail: Trail, fact: Fact) -> None:
    """Each entry says who decided, what, when and in which event, and agrees with the decision."""
    assert trail.disagreeing[fact] == 0, f"{trail.disagreeing[fact]} entries lack or contradict the {fact}"


@pytest.mark.parametrize("role", ["signed_in_role", "service_role"])
def test_new_decision_leaves_its_entry(database: Database, settings: Settings, people: People, role: str) -> None:
    """A decision made as the API makes it leaves its complete entry in its transaction; rolled back, neither stays."""
    rehearsal = settings.audit.rehearsal
    if rehearsal is None or not settings.writes:
        raise Unverified("making a decision, rolled back, needs writes = true and audit.rehearsal in the settings")
    caller = next(callers(people, role_named(settings, role), [rehearsal.persona]))
    if caller.event is None:
        raise Unverified(f"personas.{rehearsal.persona} belongs to no event")
    found = audit.rehearse(database, settings.audit, rehearsal.sql, caller, settings.api.event_header)
    assert found.meanwhile.decisions == 1, "the decision was not recorded"
    assert found.meanwhile.without_entry == 0, "the decision left no entry"
    assert not any(found.meanwhile.disagreeing.values()), f"the entry is wrong: {found.meanwhile.disagreeing}"
    assert found.left_behind == 0, "something was left behind by the transaction that was rolled back"


@pytest.mark.parametrize("command", audit.COMMANDS)
@pytest.mark.parametrize("role", ["anonymous_role", "signed_in_role", "service_role"])
def test_evidence_cannot_be_changed(
    database: Database, settings: Settings, people: People, role: str, command: Command
) -> None:
    """No role that the API acts as can change, delete or truncate audit entries, for whichever persona."""
    name = role_named(settings, role)
    everybody = callers(people, name, settings.personas)
    tried = audit.attempt(
        database, settings.audit, command, name, everybody, settings.api.event_header, writes=settings.writes
    )
    assert tried.answer != "done", f"{name} can {command} the audit entries"


def role_named(settings: Settings, role: str) -> str:
    """The role that the settings name as this one."""
    name: str = getattr(settings.database, role)
    return name


def callers(people: People, role: str, personas: Iterable[str]) -> Iterator[Caller]:
    """The API acting in this role for each persona, in each event that the persona belongs to."""
    for person in map(people, personas):
        for event in person.events or (None,):
            yield Caller(role, {"sub": person.subject, "role": role}, event)
