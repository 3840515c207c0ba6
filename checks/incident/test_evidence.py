"""I1: RLS was verified, and evidence was collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from fixtures.evidence import FOLDER
from runbook.errors import Unverified
from runbook.incident.aftermath import proved_after_the_last_change, runs
from runbook.incident.changes import changes
from runbook.incident.evidence import faults

if TYPE_CHECKING:
    import pytest

    from runbook.incident.timeline import Incident

pytestmark = clause("I1")


def test_rls_was_verified_after_the_last_change(incident: Incident, pytestconfig: pytest.Config) -> None:
    """A run of the RLS checks on this target began after the last change and PASSED, and none since has FAILED."""
    reports = pytestconfig.stash[FOLDER].parent
    ran = [one for one in runs(reports, incident.sheet.target) if "rls" in one.sections]
    proof = proved_after_the_last_change(incident, ran, "rls")
    if proof is None and not changes(incident):
        raise Unverified("nothing is changed yet, and no run of checks/rls has PASSED since the incident began")
    assert proof is not None, f"no run of checks/rls in {reports.name}/ began after the last change and PASSED"
    assert ran[-1].verdict != "FAILED", f"the newest run of checks/rls, {ran[-1].name}, FAILED"


def test_evidence_is_whole(incident: Incident, pytestconfig: pytest.Config) -> None:
    """Each file and each run that the timeline names is there, and is what it was."""
    if not incident.of("contained"):
        raise Unverified(f"nothing is kept yet: runbook incident contain {incident.id}")
    found = faults(incident, pytestconfig.stash[FOLDER].parent)
    assert not found, "; ".join(found)
