"""R4: nothing that row-level security rests on has changed since it was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.rls.baseline import differences

if TYPE_CHECKING:
    from runbook.rls.baseline import Baseline
    from runbook.rls.inspection import Inspection

pytestmark = clause("R4")

SHOWN = 3


@pytest.mark.parametrize("kind", ["policies", "grants", "roles", "functions", "relations"])
def test_nothing_has_drifted(inspection: Inspection, baseline: Baseline, kind: str) -> None:
    """The database has exactly those that a person approved: none is new, gone or changed."""
    found = differences(baseline.state.get(kind, {}), inspection.catalog.state[kind])
    more = f", +{len(found) - SHOWN}" if len(found) > SHOWN else ""
    assert not found, f"{', '.join(found[:SHOWN])}{more}; approved by {baseline.by}, {baseline.at}"
