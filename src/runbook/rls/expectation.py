"""What must be true of every relation, and needs no hand-written test: which commands may reach nothing of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.rls.personas import BOTH
from runbook.rls.statements import COMMANDS

if TYPE_CHECKING:
    from runbook.rls.catalog import Relation
    from runbook.rls.personas import Persona
    from runbook.rls.statements import Command
    from runbook.rls.tenancy import Tenancy

ON_ROWS: tuple[Command, ...] = ("select", "insert", "update", "delete")


def forbidden(relation: Relation, persona: Persona, tenancy: Tenancy) -> tuple[Command, ...]:
    """The commands with which a persona must not get at what is not its own."""
    if not relation.is_table:
        return tuple(command for command in ON_ROWS if command in relation.writable)
    match tenancy.of(relation).belonging:
        case "root":
            # The list of one's events is what one chooses the context from, so it is by membership alone. A new event
            # is nobody else's.
            commands: tuple[Command, ...] = ON_ROWS if persona.stranger else ("select", "update", "delete")
            return tuple(command for command in commands if persona.name != BOTH or command != "select")
        case "public":
            return ("insert", "update", "delete") if persona.stranger else ()
        case "service":
            return ON_ROWS
        case "undecided":
            return ON_ROWS if persona.stranger else ()
    return ON_ROWS if persona.stranger else COMMANDS
