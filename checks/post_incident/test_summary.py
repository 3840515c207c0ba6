"""A1: a summary says what happened, the impact, and the time to recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.incident.aftermath import recovery
from runbook.incident.sheet import SHEET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.incident.aftermath import Ran
    from runbook.incident.timeline import Incident

pytestmark = clause("A1")
SHORTEST = 20


@pytest.mark.parametrize("part", ["what", "impact"])
def test_summary_says(incident: Incident, part: str) -> None:
    """The sheet's summary says, in a sentence at least, what happened, and what it meant for whom."""
    text = str(getattr(incident.sheet.summary, part)).strip()
    assert len(text) >= SHORTEST, f"summary.{part} in {SHEET} says too little"


def test_incident_is_resolved(incident: Incident) -> None:
    """Somebody has said that it is over, and how."""
    assert incident.state != "open", f"nobody has resolved it: runbook incident resolve {incident.id}"


def test_time_to_recovery_is_known(incident: Incident, ran: Sequence[Ran]) -> None:
    """The runs show when its clauses were first violated, and when all of them were proved again."""
    if not incident.clauses:
        steps = incident.of("resolved")
        assert steps, "no run has found it, and nobody has resolved it: no time is known"
        return
    found = recovery(incident, ran)
    assert found.violated is not None, f"no run that is kept violates {', '.join(incident.clauses)}"
    assert found.recovered is not None, f"no run since has PASSED with {', '.join(incident.clauses)}"
