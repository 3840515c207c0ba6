"""A3: healthcheck and RLS were validated again, after the last change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.incident.aftermath import newest, proved_after_the_last_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.incident.aftermath import Ran
    from runbook.incident.timeline import Incident

pytestmark = clause("A3")


@pytest.mark.parametrize("section", ["health", "rls"])
def test_section_was_validated_after_the_last_change(incident: Incident, ran: Sequence[Ran], section: str) -> None:
    """A run of the section began after the last change and PASSED, and so did the newest one."""
    proof = proved_after_the_last_change(incident, ran, section)
    assert proof is not None, f"no run of checks/{section} began after the last change and PASSED"
    last = newest(ran, section)
    assert last is not None, f"no run of checks/{section} is kept"
    assert last.verdict == "PASSED", f"the newest run of checks/{section}, {last.name}, is {last.verdict}"
