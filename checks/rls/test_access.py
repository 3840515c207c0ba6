"""R4: everybody keeps the access that was approved: a lock-out is an incident too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.rls.baseline import access_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from runbook.rls.baseline import Access, Baseline
    from runbook.rls.catalog import Relation

pytestmark = clause("R4")


def test_everybody_keeps_the_approved_access(
    access: Callable[[Relation], Access], baseline: Baseline, relation: Relation
) -> None:
    """Each persona reaches of its own event what the approved baseline says: no less, and no more."""
    lost, gained = access_changes(baseline.access, access(relation), str(relation))
    assert not lost, f"locked out of {relation}: {', '.join(lost)}"
    assert not gained, f"{relation} is open within the event, and nobody approved it: {', '.join(gained)}"
