"""L2: every graduation decision in the log has its entry in the audit log, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.logs.decisions import Agreement

pytestmark = clause("L2")


def test_every_logged_decision_has_its_entry(agreement: Agreement) -> None:
    """A decision that the API's log tells of is in the audit log."""
    assert not agreement.without_entry, f"{len(agreement.without_entry)} of {agreement.logged} have no audit entry"


def test_every_entry_is_in_the_log(agreement: Agreement) -> None:
    """A decision that the audit log tells of is in the API's log: none was made beside the API."""
    assert not agreement.without_line, f"{len(agreement.without_line)} of {agreement.entered} are not in the API's log"
