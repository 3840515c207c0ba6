"""What stands between a target and its approval, and what an approval would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runbook.rls.baseline import access_changes, differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runbook.rls.baseline import Access, Baseline
    from runbook.rls.matrix import Matrix

NAMED = 5


def obstacles(table: Matrix) -> list[str]:
    """What could not be told, a line each relation. Raises ClickException for what is open: that is never approved."""
    reached = {
        f"{cell.relation} ({cell.persona}, {cell.command})": None
        for row in table.rows
        for cell in row.cells.values()
        if cell.reach == "other" and cell.kind == "reached"
    }
    if reached:
        more = f" and {len(reached) - NAMED} more" if len(reached) > NAMED else ""
        named = ", ".join(sorted(reached)[:NAMED])
        raise click.ClickException(f"not approved: rows of other events are reached, in {named}{more}; mend that first")
    unknown = []
    for row in table.rows:
        if row.belonging == "undecided":
            unknown.append(f"it is not known whose the rows of {row.name} are (rls.tables)")
        elif blind := [cell for cell in row.cells.values() if not cell.decided]:
            who = ", ".join(dict.fromkeys(cell.persona for cell in blind))
            unknown.append(f"{row.name} could not be told for {who}: {blind[0].reason}")
    return unknown


def changes(old: Baseline | None, access: Access, state: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What would be approved that was not, and the other way about: access first, then policies and grants."""
    if old is None:
        yield f"nothing was approved before; this approves {len(access)} relations and what guards them"
        return
    lines = []
    for relation in sorted({*old.access, *access}):
        lost, gained = access_changes(old.access, access, relation)
        lines += [click.style(f"lost    {relation}: {change}", fg="yellow") for change in lost]
        lines += [click.style(f"gained  {relation}: {change}", fg="red") for change in gained]
    for kind in sorted({*old.state, *state}):
        for change in differences(old.state.get(kind, {}), state.get(kind, {})):
            what, _, name = change.partition(": ")
            lines.append(f"{what:7} {kind}: {name}")
    since = f"{old.at}, when {old.by} approved it"
    yield f"since {since}:" if lines else f"nothing has changed since {since}"
    yield from lines
