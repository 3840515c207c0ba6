"""R4: no member of an event reaches another event's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.rls.hints import violation

if TYPE_CHECKING:
    from fixtures.rls import Reached
    from runbook.rls.catalog import Function, Relation
    from runbook.rls.inspection import Inspection

pytestmark = clause("R4")


def test_relation_belongs_somewhere(inspection: Inspection, relation: Relation) -> None:
    """Of every table it is known whose its rows are: an event's, a person's, everybody's or the service's."""
    known = not relation.is_table or inspection.tenancy.of(relation).belonging != "undecided"
    assert known, f"no key leads from {relation} to {inspection.tenancy.root}: declare it in rls.tables"


def test_member_stays_within_the_event(
    reached: Reached, inspection: Inspection, relation_command: tuple[Relation, str]
) -> None:
    """With this command no member reaches rows of another event, whatever event the request names."""
    relation, command = relation_command
    found = reached("members", relation, command)
    assert not found, violation(found, relation, inspection)


def test_function_keeps_a_member_within_the_event(
    reached: Reached, inspection: Inspection, function: Function | None
) -> None:
    """The function gives no member another event's rows and changes none, whatever ids it is called with."""
    if function is None:
        assert not inspection.catalog.functions
        return
    found = reached("members", function)
    assert not found, violation(found, function, inspection)
