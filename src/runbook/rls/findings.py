"""What is open or could not be told, so that a person can act on it: in groups that have one cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook.rls.hints import remedy, violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runbook.rls.cells import Cell
    from runbook.rls.matrix import Matrix, Row, State

UNKNOWN = "no key leads from {name} to {root}, so it is not known whose its rows are: declare it in rls.tables"


@dataclass(frozen=True, slots=True)
class Finding:
    """Cells of one relation with the same cause: `text` says what is open, `hint` what would close it."""

    state: State
    cells: Sequence[Cell]
    text: str
    hint: str = ""


def findings(row: Row, table: Matrix) -> Iterator[Finding]:
    """What a row has to be told of, what is open first."""
    inspection = table.seen.inspection
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in row.cells.values():
        if cell.reach == "other" and cell.kind == "reached":
            groups.setdefault((cell.command, remedy(cell, row.item, inspection)), []).append(cell)
    for (_, hint), cells in groups.items():
        text = violation(cells, row.item, inspection).removesuffix(f"; {hint}")
        yield Finding("open", cells, text, hint)
    if row.belonging == "undecided":
        yield Finding("undecided", (), UNKNOWN.format(name=row.name, root=inspection.tenancy.root))
    blind: dict[str, list[Cell]] = {}
    for cell in row.cells.values():
        if not cell.decided:
            blind.setdefault(cell.reason, []).append(cell)
    for reason, cells in blind.items():
        who: dict[str, list[str]] = {}
        for cell in cells:
            commands = who.setdefault(cell.persona, [])
            if cell.command not in commands:
                commands.append(cell.command)
        named = "; ".join(f"{persona}: {', '.join(commands)}" for persona, commands in who.items())
        yield Finding("undecided", cells, f"{named} ({reason})")
