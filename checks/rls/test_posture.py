"""R4: the catalogue itself shows no way around row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.rls.posture import Finding

pytestmark = clause("R4")

SHOWN = 5


def test_posture_rule_holds(posture: dict[str, tuple[Finding, ...]], posture_rule: str) -> None:
    """The catalogue holds nothing that the rule finds."""
    found = posture[posture_rule]
    more = f", +{len(found) - SHOWN}" if len(found) > SHOWN else ""
    named = ", ".join(finding.subject for finding in found[:SHOWN]) + more
    assert not found, f"{posture_rule} finds {named}: {found[0].text}"
