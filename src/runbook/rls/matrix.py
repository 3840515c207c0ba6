"""Who reaches what, as a table: a row for each relation or function, a group for each persona, a sign for each command.

`as_json` is for programs. Its keys, all of them sorted:

    version      1
    target       the settings' name; `severity`, `server` and `at` (UTC, ISO 8601) beside it
    witness      "canary" or "touchless"
    verdict      "open", "undecided" or "closed"
    counts       cells, decided, open, undecided
    personas     name, role (of the database), membership (null for a stranger), in the order of the table
    relations    by name, functions with their signature:
        kind        table, view, ..., function
        belonging   root, membership, event, owner, public, service or undecided; null for what keeps no rows
        path        the foreign keys to the root or the owner, the nearest first, each a list of its columns
        state       "open", "undecided" or "closed"
        cells       persona, command, reach ("own" event, or "other": what must stay closed), kind (the answer),
                    reason, control; for what is open or undecided also form, context and said of its witness

No SQL stands in it: two runs against the same system differ in `at` alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from runbook.rls.baseline import Baseline, access_changes, observed_access
from runbook.rls.catalog import Relation
from runbook.rls.replay import Replayable
from runbook.rls.statements import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runbook.rls.catalog import Function
    from runbook.rls.cells import Cell, Reach
    from runbook.rls.personas import Persona
    from runbook.rls.report import Observed
    from runbook.rls.statements import Command
    from runbook.rls.tenancy import Tenure

State = Literal["open", "undecided", "closed"]
Sign = Literal["open", "undecided", "closed", "public", "own", "not", "gained", "lost", "unknown", "none"]
WORST: tuple[State, ...] = ("open", "undecided", "closed")
EXIT: dict[State, int] = {"closed": 0, "open": 1, "undecided": 3}
LETTERS: dict[Command, str] = {"select": "s", "insert": "i", "update": "u", "delete": "d", "move": "m"}


@dataclass(frozen=True)
class Row:
    """A relation or a function with its cells. `changes` are what the approved access lost and gained."""

    item: Relation | Function
    tenure: Tenure | None
    cells: Mapping[tuple[str, Command, Reach], Cell]
    changes: tuple[Sequence[str], Sequence[str]] = ((), ())

    @property
    def name(self) -> str:
        """Its name; a function's with its signature."""
        return str(self.item)

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return self.item.kind if isinstance(self.item, Relation) else "function"

    @property
    def belonging(self) -> str | None:
        """To whom its rows belong; None where it keeps none."""
        return self.tenure.belonging if self.tenure is not None else None

    @cached_property
    def state(self) -> State:
        """The worst of its cells. A table of which nobody knows whose its rows are is undecided."""
        if any(cell.reach == "other" and cell.kind == "reached" for cell in self.cells.values()):
            return "open"
        undecided = self.belonging == "undecided" or not all(cell.decided for cell in self.cells.values())
        return "undecided" if undecided else "closed"

    def letter(self, command: Command) -> str:
        """What stands for a command; a function is called, whatever it does then."""
        return LETTERS[command] if isinstance(self.item, Relation) else "x"

    def sign(self, persona: str, command: Command) -> Sign:
        """What is known of a persona, a command and the rows that it must not get at."""
        cell = self.cells.get((persona, command, "other"))
        if cell is not None:
            return "open" if cell.kind == "reached" else "closed" if cell.decided else "undecided"
        own = self.cells.get((persona, command, "own"))
        if self.belonging == "public" and command == "select" and own is not None and own.kind == "reached":
            return "public"
        return "none"

    def own(self, persona: str, command: Command) -> Sign:
        """What a persona gets of its own event, and whether that is what was approved."""
        cell = self.cells.get((persona, command, "own"))
        lost, gained = self.changes
        if cell is None:
            return "none"
        if not cell.decided:
            return "unknown"
        if f"{persona} {command}" in (*lost, *gained):
            return "gained" if cell.kind == "reached" else "lost"
        return "own" if cell.kind == "reached" else "not"


@dataclass(frozen=True)
class Matrix:
    """All rows, the open ones first, then the undecided ones, then by name."""

    seen: Observed
    baseline: Baseline | None
    rows: tuple[Row, ...]

    @property
    def personas(self) -> tuple[Persona, ...]:
        """Who tries, in the order of the columns."""
        return self.seen.inspection.personas

    @property
    def state(self) -> State:
        """The worst of all rows."""
        return min((row.state for row in self.rows), key=WORST.index, default="closed")

    @property
    def undecided(self) -> int:
        """Cells that could not be told, and tables of which nobody knows whose they are."""
        unknown = sum(row.belonging == "undecided" for row in self.rows)
        return unknown + sum(not cell.decided for cell in self.seen.cells)

    @property
    def open(self) -> int:
        """Cells that are open."""
        return sum(cell.reach == "other" and cell.kind == "reached" for cell in self.seen.cells)

    @property
    def decided_share(self) -> str:
        """In percent, rounded down: 100.0 means all of them."""
        cells = len(self.seen.cells)
        return f"{sum(cell.decided for cell in self.seen.cells) * 1000 // max(cells, 1) / 10:.1f} %"

    @property
    def witness(self) -> str:
        """Whose rows were looked at."""
        settings = self.seen.settings
        return settings.rls.witness or ("canary" if settings.writes else "touchless")


def matrix(seen: Observed, baseline: Baseline | None) -> Matrix:
    """The table of what was seen. A baseline adds what is not as it was approved."""
    inspection = seen.inspection
    by_name: dict[str, dict[tuple[str, Command, Reach], Cell]] = {str(item): {} for item in inspection.items}
    for cell in seen.cells:
        by_name[cell.relation][cell.persona, cell.command, cell.reach] = cell
    found = observed_access(seen.cells)
    rows = []
    for item in inspection.items:
        tenure = inspection.tenancy.of(item) if isinstance(item, Relation) and item.is_table else None
        known = baseline is not None and isinstance(item, Relation)
        changes = access_changes(baseline.access, found, str(item)) if known and baseline is not None else ((), ())
        rows.append(Row(item, tenure, by_name[str(item)], changes))
    return Matrix(seen, baseline, tuple(sorted(rows, key=lambda row: (WORST.index(row.state), row.name))))


def as_json(table: Matrix) -> str:
    """The table for programs, as the head of this file says."""
    seen = table.seen
    decided = sum(cell.decided for cell in seen.cells)
    document = {
        "version": 1,
        "target": seen.settings.name,
        "severity": seen.settings.severity,
        "server": seen.server,
        "at": seen.at,
        "witness": table.witness,
        "verdict": table.state,
        "counts": {
            "cells": len(seen.cells),
            "decided": decided,
            "open": table.open,
            "undecided": table.undecided,
        },
        "personas": [{"name": p.name, "role": p.role, "membership": p.membership} for p in table.personas],
        "relations": {
            row.name: {
                "kind": row.kind,
                "belonging": row.belonging,
                "path": [list(step.columns) for step in row.tenure.path] if row.tenure is not None else [],
                "state": row.state,
                "cells": [_cell(cell) for cell in in_order(row.cells.values(), table.personas)],
            }
            for row in table.rows
        },
    }
    told = Replayable(seen.settings.secrets()).value(document)
    return json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def in_order(cells: Iterable[Cell], personas: Sequence[Persona]) -> list[Cell]:
    """By persona, then command; the own event before others."""
    names = [persona.name for persona in personas]
    return sorted(
        cells, key=lambda cell: (names.index(cell.persona), COMMANDS.index(cell.command), cell.reach == "other")
    )


def _cell(cell: Cell) -> dict[str, str]:
    told = {
        "persona": cell.persona,
        "command": cell.command,
        "reach": cell.reach,
        "kind": cell.kind,
        "reason": cell.reason,
        "control": cell.control,
    }
    loud = cell.reach == "other" and cell.kind == "reached"
    if cell.probes and (loud or not cell.decided):
        probe = cell.probes[0]
        told |= {"form": probe.form, "context": probe.context, "said": probe.said}
    return told
