"""A2: the changes that were made, code and policy, are listed, each with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.incident.changes import GUARDED, changes, unapproved, unproven

if TYPE_CHECKING:
    from runbook.incident.changes import GUARDED, Change
    from runbook.incident.timeline import Incident
    from runbook.settings import Settings

pytestmark = clause("A2")


def test_changes_are_listed(incident: Incident) -> None:
    """At least one change is recorded; that nothing had to be changed is recorded too, with the reason."""
    assert changes(incident), f"no change is recorded: runbook incident change {incident.id} (WHAT may be: nothing)"


def test_change_has_its_evidence(made: Change | None, incident: Incident) -> None:
    """The files that show a change are there, and are what they were when it was recorded."""
    assert made is not None, "no change is recorded"
    found = unproven(incident, made)
    assert not found, f"{made}: {'; '.join(found)}"


def test_changes_are_approved(incident: Incident, settings: Settings) -> None:
    """Each change of a policy or a migration was approved by somebody who may, and did not make it."""
    found = unapproved(incident, settings, GUARDED)
    assert not found, "; ".join(found)
