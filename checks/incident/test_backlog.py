"""I2: a P2 violation is in the Backlog Registry with its label and a due date, and no feature is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.incident.registry import asking_for_a_feature, without_label_or_due_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.incident.registry import Entry

pytestmark = clause("I2")


def test_violation_is_in_the_backlog(not_in_the_backlog: Sequence[str]) -> None:
    """Each P2 check that the incident's run violates is in the registry, open or closed by a later run."""
    assert not not_in_the_backlog, f"not in the backlog: {', '.join(not_in_the_backlog)}"


def test_entry_has_label_and_due_date(backlog_entries: Sequence[Entry]) -> None:
    """Every entry of the target has the label IMPROVEMENT (BUGFIX ONLY) and a due date."""
    faults = [f"{entry.title}: {fault}" for entry in backlog_entries for fault in without_label_or_due_date(entry)]
    assert not faults, "; ".join(faults)


def test_entry_asks_for_no_feature(backlog_entries: Sequence[Entry]) -> None:
    """Every entry of the target asks that a check of the runbook holds again, and for nothing else."""
    faults = [f"{entry.title}: {fault}" for entry in backlog_entries for fault in asking_for_a_feature(entry)]
    assert not faults, "; ".join(faults)
