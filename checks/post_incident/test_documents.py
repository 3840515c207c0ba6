"""A4: the operations documents were updated where it matters, or a person says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.incident.sheet import SHEET

if TYPE_CHECKING:
    from runbook.incident.timeline import Incident

pytestmark = clause("A4")
SHORTEST = 20


def test_documents_were_changed_or_need_not_be(incident: Incident) -> None:
    """The sheet names the documents that were changed, or says in a sentence why none needs to be."""
    documents = incident.sheet.documents
    said = documents.changed or len(documents.not_needed.strip()) >= SHORTEST
    assert said, f"documents in {SHEET} names none that was changed, and no reason why not"
