"""From probes to a cell: what was hidden or refused counts only beside a control that got through."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runbook.rls.cells import Cell, Probe, worst
from runbook.rls.expectation import forbidden

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runbook.rls.catalog import Privilege, Relation
    from runbook.rls.personas import Persona
    from runbook.rls.statements import Command
    from runbook.rls.tenancy import Tenancy

BY_PRIVILEGE: dict[Command, Privilege] = {
    "select": "select",
    "insert": "insert",
    "update": "update",
    "delete": "delete",
    "move": "update",
}


def undecided(relation: Relation, personas: Sequence[Persona], tenancy: Tenancy, reason: str) -> Iterator[Cell]:
    """Every cell of a relation that could not be probed."""
    for persona in personas:
        for command in forbidden(relation, persona, tenancy):
            yield Cell(str(relation), persona.name, command, "other", "blind", reason)


def judged(
    relation: Relation,
    persona: Persona,
    command: Command,
    probes: list[Probe],
    own: Mapping[tuple[str, Command], Cell],
    *,
    keep: bool,
) -> Cell:
    """A cell from its probes; what was hidden or refused counts only beside a control that got through."""
    cell = Cell(str(relation), persona.name, command, "other", "blind", "nothing could be tried")
    same: Command = "update" if command == "move" else command
    if not probes:
        shut = closed(relation, persona.role, same)
        return replace(cell, kind="hidden", reason="", control="no policy admits anybody") if shut else cell
    found = worst(probes)
    kept = tuple(probes) if keep else ((found,) if found.sql else ())
    cell = replace(cell, kind=found.kind, reason=found.reason, probes=kept)
    if found.kind not in ("hidden", "refused"):
        return cell
    if found.kind == "hidden" and BY_PRIVILEGE[command] in relation.rules:
        return replace(cell, kind="blind", reason="a rewrite rule does something else: the count says nothing")
    if own[persona.name, same].kind == "reached":
        return replace(cell, control=f"{persona.name}: own event")
    through = next((name for (name, done), c in own.items() if done == same and c.kind == "reached"), None)
    if through is not None:
        return replace(cell, control=f"{through}: own event")
    if closed(relation, persona.role, same):
        return replace(cell, control="no policy admits anybody")
    reason = f"nobody gets through with {same}, not even in the own event: a policy may want what no persona has"
    return replace(cell, kind="blind", reason=reason)


def closed(relation: Relation, role: str, command: Command) -> bool:
    """Whether nothing admits a role: RLS is on, and no permissive policy for the command is for it."""
    privilege = BY_PRIVILEGE[command]
    return relation.rls and not any(
        policy.permissive
        and policy.governs(privilege)
        and (not policy.roles or role in policy.roles)
        and policy.admits(privilege) != "false"
        for policy in relation.policies
    )
