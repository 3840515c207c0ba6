"""The rows that the probes are about: two events, who belongs to them, and what stands in each table for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from runbook.rls.session import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbook.rls.catalog import Relation
    from runbook.rls.values import Marker, Value

Side = Literal["own", "other"]
SIDES: tuple[Side, Side] = ("own", "other")
Row = dict[str, "Value"]


@dataclass
class World:
    """Own and other event. `markers` are empty where rows were found, not made.

    `rows` are by the table's oid and side. `users` are by persona; who stands for the other event is in `rows` of the
    table of people. `strongest` is the membership role to pretend to.
    """

    keys: dict[Side, str]
    users: dict[str, str]
    strongest: str = ""
    markers: dict[Side, Marker] = field(default_factory=dict)
    rows: dict[tuple[int, Side], list[Row]] = field(default_factory=dict)

    def of(self, relation: Relation, side: Side) -> list[Row]:
        """The rows of one table for one side."""
        return self.rows.get((relation.oid, side), [])


def name_of(relation: Relation) -> str:
    """A relation's quoted name."""
    return f"{quoted(relation.schema)}.{quoted(relation.name)}"


def identity(relation: Relation, row: Row) -> tuple[str, ...]:
    """The columns that tell a row from all others: a key that holds no NULL, else every column that has a value."""
    for key in relation.keys:
        if all(row.get(column) is not None for column in key):
            return key
    if "ctid" in row:
        return ("ctid",)
    return tuple(name for name, value in row.items() if value is not None and relation.column(name).category in "SNUDE")


def is_any_of(relation: Relation, rows: Sequence[Row]) -> str:
    """The condition that holds for these rows and for no other."""
    return "(" + " or ".join(" and ".join(_equal(relation, row)) for row in rows) + ")" if rows else "false"


def columns_read(relation: Relation, rows: Sequence[Row]) -> frozenset[str]:
    """The columns that `is_any_of` reads."""
    return frozenset(name for row in rows for name in identity(relation, row))


def _equal(relation: Relation, row: Row) -> Iterable[str]:
    for name in identity(relation, row):
        # Text has no quirks of comparison: json has no equality, citext and collations have their own.
        same = name == "ctid" or relation.column(name).category in "NS" or relation.column(name).type == "uuid"
        column = quoted(name) if name != "ctid" else name
        yield f"{column} = {literal(row[name])}" if same else f"{column}::text = {literal(row[name])}"


def insertion(relation: Relation, rows: Sequence[Row]) -> str:
    """One INSERT of these rows with explicit values, so that no sequence moves."""
    names = [column.name for column in relation.columns if any(column.name in row for row in rows)]
    values = ", ".join("(" + ", ".join(literal(row[n]) if n in row else "default" for n in names) + ")" for row in rows)
    columns = ", ".join(map(quoted, names))
    return f"insert into {name_of(relation)} ({columns}) overriding system value values {values}"
