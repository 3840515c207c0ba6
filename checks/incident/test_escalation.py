"""I0: a P0 incident is escalated at once to the System Operator and to Governance, and they have acknowledged it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.settings import Settings

pytestmark = clause("I0")


def test_role_was_told(told_after: timedelta | None, settings: Settings, incident_role: str) -> None:
    """The role was told through a channel that took the message, before it would have been asked again."""
    at_once = timedelta(minutes=settings.incidents.ask_again_minutes)
    assert told_after is not None, f"nobody was told as {incident_role}"
    assert told_after <= at_once, f"{incident_role} was told after {told_after}, and at once is within {at_once}"


def test_role_acknowledged(not_acknowledged: str | None) -> None:
    """Somebody has acknowledged for the role, with a key where the settings name somebody who has one."""
    assert not_acknowledged is None, not_acknowledged
