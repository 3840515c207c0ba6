"""I1: the policy was repaired minimally, and with approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.errors import Unverified
from runbook.incident.changes import GUARDED, changes, unapproved
from runbook.incident.policies import beside, changed, widened

if TYPE_CHECKING:
    from runbook.incident.policies import Kept
    from runbook.incident.timeline import Incident
    from runbook.settings import Settings

# Every relation is probed for one check: on a live target, where the probes leave the server to others, it takes long.
pytestmark = [clause("I1"), pytest.mark.timeout(1800)]

SHOWN = 3


def test_nothing_else_was_changed(incident: Incident, before: Kept, after: Kept) -> None:
    """Policies, grants and functions are what they were, but for those of the tables and functions that are listed."""
    found = [line for lines in beside(before, after, incident.sheet.closed).values() for line in lines]
    assert not found, f"changed, and not of an affected path: {in_short(found)}"


def test_nothing_was_widened(before: Kept, after: Kept) -> None:
    """Nobody reaches with any command what they did not reach before, neither of others nor of their own event."""
    found, unknown = widened(before, after)
    assert not found, f"more is reached than before: {in_short(found)}"
    if unknown:
        raise Unverified(f"whether more is reached than before could not be told: {in_short(unknown)}")


def test_repair_was_approved(incident: Incident, settings: Settings, before: Kept, after: Kept) -> None:
    """Whatever was changed in the policies is recorded, and approved by somebody else who may."""
    made = [one for one in changes(incident) if one.what in GUARDED]
    differs = in_short([line for lines in changed(before, after).values() for line in lines])
    assert made or not differs, f"changed, and no change of a policy is recorded: {differs}"
    if not changes(incident):
        raise Unverified(f"no change is recorded yet: runbook incident change {incident.id}")
    faults = unapproved(incident, settings, GUARDED)
    assert not faults, in_short(faults)


def in_short(found: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = f", +{len(found) - SHOWN}" if len(found) > SHOWN else ""
    return f"{', '.join(found[:SHOWN])}{more}"
