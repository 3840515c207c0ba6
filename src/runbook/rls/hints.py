"""What let somebody through, and the smallest change that would close it: a hint for a person, never applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.rls.catalog import Relation
from runbook.rls.judging import BY_PRIVILEGE
from runbook.rls.session import quoted
from runbook.rls.values import names_in
from runbook.rls.world import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.rls.catalog import Function, Policy
    from runbook.rls.cells import Cell
    from runbook.rls.inspection import Inspection
    from runbook.rls.statements import Command

IN_WORDS = {"own": "in the own event's context", "other": "naming the other event", "none": "naming no event"}

CAN: dict[Command, str] = {
    "select": "can read rows of another event in",
    "insert": "can add rows to another event in",
    "update": "can change rows of another event in",
    "delete": "can remove rows of another event from",
    "move": "can move own rows into another event in",
}


def violation(cells: Sequence[Cell], item: Relation | Function, inspection: Inspection) -> str:
    """One line on what is open: who, what, by which witness, let through by what, closed by what."""
    first = cells[0]
    who = ", ".join(dict.fromkeys(cell.persona for cell in cells))
    probe = first.probes[0] if first.probes else None
    how = f" ({probe.form}, {IN_WORDS[probe.context]}: {probe.said})" if probe is not None else ""
    done = CAN[first.command] if isinstance(item, Relation) else "can get at rows of another event by"
    if isinstance(item, Relation) and inspection.tenancy.of(item).belonging in ("public", "service"):
        done = done.replace(" of another event", "").replace(" to another event", "")  # these are of none
    return f"{who} {done} {item}{how}; {remedy(first, item, inspection)}"


def remedy(cell: Cell, item: Relation | Function, inspection: Inspection) -> str:
    """What let it through, and the smallest change that would close it."""
    if not isinstance(item, Relation):
        kind = "runs with its owner's rights and " if item.security_definer else ""
        roles = ", ".join(["public", *map(quoted, item.roles)])  # a grant to PUBLIC would go on being theirs
        name = f"{quoted(item.schema)}.{quoted(item.name)}({item.signature})"
        return (
            f"the function {kind}does not tie what it does to the caller: check it inside,"
            f" or revoke execute on function {name} from {roles}"
        )
    role = next(p.role for p in inspection.personas if p.name == cell.persona)
    name = name_of(item)
    if item.kind == "view":
        return f"the view reads as its owner: alter view {name} set (security_invoker = on)"
    if not item.is_table:
        return f"no policy guards a {item.kind}: revoke select on {name} from {quoted(role)}"
    if not item.rls:
        return f"RLS is off: alter table {name} enable row level security"
    tenure = inspection.tenancy.of(item)
    if tenure.belonging in ("public", "service", "undecided"):
        return f"revoke {BY_PRIVILEGE[cell.command]} on {name} from public, {quoted(role)}"
    policies = _suspects(item, role, cell, tenure.stamp)
    if not policies:
        return f"no policy explains it: look at who owns {name}, at BYPASSRLS and at triggers"
    named = " or ".join(f"policy {quoted(policy.name)}" for policy in policies)
    part = "with check" if cell.command in ("insert", "move") else "using"
    stamp = ", ".join(tenure.stamp) or inspection.tenancy.key
    tie = f"tie {stamp} to the event that the caller belongs to and names"
    if cell.probes and cell.probes[0].form.startswith("reference by"):
        tie = f"{cell.probes[0].form.removeprefix('reference by ')} must be of the same event too"
    return f"let through by {named}: in its {part}, {tie}"


def _suspects(relation: Relation, role: str, cell: Cell, stamp: Sequence[str]) -> list[Policy]:
    """The permissive policies that may have admitted it, those that say nothing of the event before all others."""
    privilege = BY_PRIVILEGE[cell.command]
    found = [
        policy
        for policy in relation.policies
        if policy.permissive and policy.governs(privilege) and (not policy.roles or role in policy.roles)
    ]

    def expression(policy: Policy) -> str:
        written = cell.command in ("insert", "move") and policy.check is not None
        return (policy.check if written else policy.using) or ""

    wide = [policy for policy in found if expression(policy) == "true"]
    loose = [policy for policy in found if not set(stamp) & names_in(expression(policy))]
    return wide or loose or found
