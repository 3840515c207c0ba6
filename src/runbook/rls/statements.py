"""The statements that a persona tries, each form of a command with what it shows that no other does.

A WHERE or RETURNING that reads a column adds the SELECT policies, and so hides an UPDATE or DELETE policy that is open:
beside each such form stands one that reads no column. One that must stop at the first row that passes does so by a NULL
where none may be, or by dividing by zero: what was there before is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runbook.rls.session import literal, quoted
from runbook.rls.values import names_in
from runbook.rls.world import columns_read, insertion, is_any_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runbook.rls.catalog import ForeignKey, Privilege, Relation
    from runbook.rls.world import Row

Command = Literal["select", "insert", "update", "delete", "move"]
COMMANDS: tuple[Command, ...] = ("select", "insert", "update", "delete", "move")
"""`move` is an UPDATE that stamps an own row with the other event."""

TRIPWIRE = "1/(random()*0)::int"
"""Fails on the first row that gets there, reads no column, and is not worked out beforehand."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One form of a command. `tripwire`: dividing by zero means that a row passed.

    `lands`: the operator's question whether a row now stands where it must not: a trigger may have put it elsewhere.
    """

    form: str
    sql: str
    tripwire: bool = False
    lands: str = ""


def select(relation: Relation, role: str, rows: Sequence[Row], *, alone: bool) -> Iterator[Statement]:
    """`alone`: no row is there that the persona may see, so that any row is one too many."""
    target = name_of(relation)
    if alone or not readable(relation, role, rows):
        yield Statement("any row", f"select 1 from {target} limit 1")
    if readable(relation, role, rows):
        where = is_any_of(relation, rows)
        yield Statement("by key", f"select 1 from {target} where {where} limit 1")
        yield Statement("copy", f"copy (select 1 from {target} where {where}) to stdout")


def insert(relation: Relation, role: str, row: Row) -> Iterator[Statement]:
    """A whole row; columns that the role may not write are left to their defaults."""
    allowed = relation.columns_for(role, "insert")
    given = {name: value for name, value in row.items() if not allowed or name in allowed}
    sql = insertion(relation, [given])
    yield Statement("insert", sql)
    yield Statement("returning", f"{sql} returning 1")


def update(
    relation: Relation, role: str, rows: Sequence[Row], stamp: Sequence[str], *, alone: bool
) -> Iterator[Statement]:
    """Sets one harmless column to what it may hold."""
    target = name_of(relation)
    change = change_of(relation, role, rows, stamp)
    where = is_any_of(relation, rows)
    if alone or not readable(relation, role, rows):
        stop = never_null(relation, role, "update", stamp) if not relation.triggers else None
        yield Statement("every row", f"update {target} set " + (f"{quoted(stop)} = null" if stop else change))
    if readable(relation, role, rows):
        yield Statement("by key", f"update {target} set {change} where {where}")
        yield Statement("returning", f"update {target} set {change} where {where} returning 1")
        if not relation.rules:
            sql = f"merge into {target} using (select 1) as s on {where} when matched then update set {change}"
            yield Statement("merge", sql)


def upsert(relation: Relation, role: str, rows: Sequence[Row], spare: Row, stamp: Sequence[str]) -> Iterator[Statement]:
    """An own new row that has the key of another's row, which is then to be changed."""
    key = next((key for key in relation.keys if not set(key) & set(stamp)), None)
    if key is None or not rows or relation.rules or any(rows[0].get(name) is None for name in key):
        return
    [sql, *_] = [found.sql for found in insert(relation, role, spare | {name: rows[0][name] for name in key})]
    names = ", ".join(map(quoted, key))
    change = change_of(relation, role, rows, stamp)
    yield Statement("on conflict", f"{sql} on conflict ({names}) do update set {change}")


def take_over(relation: Relation, own: dict[str, str | None]) -> Iterator[Statement]:
    """Stamps others' rows with the own event: open where USING is wide and only the CHECK is tight."""
    if own:
        change = ", ".join(f"{quoted(name)} = {literal(value)}" for name, value in own.items())
        yield Statement("take over", f"update {name_of(relation)} set {change}")


def delete(relation: Relation, role: str, rows: Sequence[Row], *, alone: bool) -> Iterator[Statement]:
    """Fails as soon as one row is gone, so that nothing that refers to it is touched."""
    target = name_of(relation)
    where = is_any_of(relation, rows)
    if alone or not readable(relation, role, rows):
        yield Statement("every row", f"delete from {target} returning {TRIPWIRE}", tripwire=True)
    if readable(relation, role, rows):
        yield Statement("by key", f"delete from {target} where {where} returning {TRIPWIRE}", tripwire=True)
        if not relation.rules:
            yield Statement("merge", f"merge into {target} using (select 1) as s on {where} when matched then delete")


def move(relation: Relation, role: str, own: Sequence[Row], stamp: dict[str, str | None]) -> Iterator[Statement]:
    """Own rows are stamped with the other event: by their key, and all that can be changed."""
    target = name_of(relation)
    change = ", ".join(f"{quoted(name)} = {literal(value)}" for name, value in stamp.items())
    yield Statement("every own row", f"update {target} set {change}")
    if readable(relation, role, own):
        yield Statement("by key", f"update {target} set {change} where {is_any_of(relation, own)}")


def pointing(key: ForeignKey, parent: Row, stamp: Sequence[str]) -> dict[str, str | None]:
    """The columns of a foreign key with the values of a row that it refers to; the stamp keeps what it has, unless it
    is what refers."""
    pairs = zip(key.columns, key.referred, strict=True)
    return {own: parent.get(referred) for own, referred in pairs if own not in stamp or key.columns == tuple(stamp)}


def landing(relation: Relation, there: Row, others: Sequence[Row]) -> str:
    """Finds a row with this stamp that was not there before; empty where no trigger could have changed it."""
    if not relation.triggers or not there:
        return ""
    stamped = " and ".join(f"{quoted(name)}::text = {literal(value)}" for name, value in there.items())
    return f"select 1 from {name_of(relation)} where {stamped} and not {is_any_of(relation, others)} limit 1"


def row_text(relation: Relation, role: str) -> str:
    """A row `r` as text, of the columns that a role may read."""
    granted = relation.columns_for(role, "select")
    if not granted or len(granted) == len(relation.columns):
        return "(r.*)::text"
    return "concat_ws(' ', " + ", ".join(f"r.{quoted(name)}::text" for name in sorted(granted)) + ")"


def readable(relation: Relation, role: str, rows: Sequence[Row]) -> bool:
    """Whether the role may read the columns by which these rows are told from others. `ctid` needs them all."""
    granted = relation.columns_for(role, "select")
    wanted = columns_read(relation, rows)
    return bool(rows) and (
        wanted <= granted or (wanted == {"ctid"} and len(granted) == len(relation.columns)) or not granted
    )


def change_of(relation: Relation, role: str, rows: Sequence[Row], stamp: Sequence[str]) -> str:
    """`column = value` with a value that stands in one of the rows; no key, and nothing that a policy reads, if it can
    be helped."""
    allowed = relation.columns_for(role, "update") or frozenset(column.name for column in relation.columns)
    in_keys = {name for key in relation.keys for name in key} | {n for k in relation.foreign_keys for n in k.columns}
    in_policies = _in_policies(relation)
    usable = [
        column.name
        for column in relation.columns
        if column.name in allowed and not column.generated and column.identity != "a" and column.name in rows[0]
    ]
    usable.sort(key=lambda name: (name in stamp, name in in_keys, name in in_policies))
    if not usable:
        return f"{quoted(relation.columns[0].name)} = default"
    return f"{quoted(usable[0])} = {literal(rows[0][usable[0]])}"


def never_null(relation: Relation, role: str, privilege: Privilege, stamp: Sequence[str]) -> str | None:
    """A column that may never be NULL and that no policy reads; a domain's own check would come before the policies."""
    allowed = relation.columns_for(role, privilege) or frozenset(column.name for column in relation.columns)
    in_policies = _in_policies(relation)
    return next(
        (
            column.name
            for column in relation.columns
            if column.required
            and column.name in allowed
            and column.name not in stamp
            and column.name not in in_policies
            and not column.generated
            and (column.identity != "a" or privilege == "insert")
            and column.declared.partition("(")[0] == column.type.partition("(")[0]
        ),
        None,
    )


def _in_policies(relation: Relation) -> set[str]:
    expressions = [text for policy in relation.policies for text in (policy.using, policy.check) if text]
    return {name for text in expressions for name in names_in(text)}
