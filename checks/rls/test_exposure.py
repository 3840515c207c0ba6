"""R4: who belongs to no event reaches only what is declared public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.rls.hints import violation

if TYPE_CHECKING:
    from fixtures.rls import Reached
    from runbook.rls.catalog import Function, Relation
    from runbook.rls.inspection import Inspection

pytestmark = clause("R4")


def test_stranger_reaches_nothing(
    reached: Reached, inspection: Inspection, relation_stranger: tuple[Relation, str]
) -> None:
    """Anonymous and outsider read no row of an event, and write none anywhere; what is declared public is only read."""
    relation, stranger = relation_stranger
    found = reached(stranger, relation)
    assert not found, violation(found, relation, inspection)


def test_function_gives_a_stranger_nothing(
    reached: Reached, inspection: Inspection, function_stranger: tuple[Function | None, str]
) -> None:
    """The function gives anonymous and outsider no event's rows and changes none, whatever ids it is called with."""
    function, stranger = function_stranger
    if function is None:
        assert not inspection.catalog.functions
        return
    found = reached(stranger, function)
    assert not found, violation(found, function, inspection)
