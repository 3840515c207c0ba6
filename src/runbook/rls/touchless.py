"""Statements that leave no mark, whatever the policies say: no transaction id, no WAL, no sequence, no row version.

They are about rows that are there. Each stops before anything is written: a WHERE that divides by zero on a row that
passes the policies (behind CASE, so that no other row is asked), or a NULL where none may be, which is looked at after
the policies and before the heap. What no statement can tell without writing is worked out from the policy's own
expression, as the operator with the persona's claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.rls.session import literal, quoted
from runbook.rls.statements import Statement, change_of, never_null, readable, row_text
from runbook.rls.world import identity, insertion, is_any_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runbook.rls.catalog import Policy, Privilege, Relation
    from runbook.rls.world import Row


def _stopped(relation: Relation, rows: Sequence[Row]) -> str:
    """True for none: fails on the first of the rows that is visible."""
    where = is_any_of(relation, rows)
    column = identity(relation, rows[0])[0]
    shown = column if column == "ctid" else quoted(column)
    return f"{where} and case when {where} then 1/(length({shown}::text)*0) = 0 else false end"


def update(
    relation: Relation, role: str, rows: Sequence[Row], stamp: Sequence[str], *, alone: bool
) -> Iterator[Statement]:
    """By key, without reaching the row; with no own row about, every row up to the first that passes."""
    target = name_of(relation)
    stop = never_null(relation, role, "update", stamp)
    if alone and stop is not None and not relation.triggers:
        yield Statement("every row", f"update {target} set {quoted(stop)} = null")
    if rows and readable(relation, role, rows):
        change = change_of(relation, role, rows, stamp)
        yield Statement("by key", f"update {target} set {change} where {_stopped(relation, rows)}", tripwire=True)


def delete(relation: Relation, role: str, rows: Sequence[Row]) -> Iterator[Statement]:
    """By key, without reaching the row."""
    if rows and readable(relation, role, rows):
        yield Statement("by key", f"delete from {name_of(relation)} where {_stopped(relation, rows)}", tripwire=True)


def insert(relation: Relation, role: str, row: Row) -> Iterator[Statement]:
    """A row that lacks what it must have: it is refused for that only when no policy refuses it."""
    stop = never_null(relation, role, "insert", ())
    if stop is not None:
        allowed = relation.columns_for(role, "insert")
        given = {name: value for name, value in row.items() if not allowed or name in allowed}
        yield Statement("insert", insertion(relation, [given | {stop: None}]))


def move(relation: Relation, role: str, own: Sequence[Row], stamp: dict[str, str | None]) -> Iterator[Statement]:
    """An own row with the other event's stamp and without what it must have."""
    stop = never_null(relation, role, "update", tuple(stamp))
    if stamp and not relation.columns_for(role, "update") >= stamp.keys():
        yield Statement("privilege", f"update {name_of(relation)} set {quoted(next(iter(stamp)))} = null where false")
    elif stop is not None and own and stamp and not relation.triggers and readable(relation, role, own):
        change = ", ".join(f"{quoted(name)} = {literal(value)}" for name, value in {**stamp, stop: None}.items())
        yield Statement("by key", f"update {name_of(relation)} set {change} where {is_any_of(relation, own)}")


def through(relation: Relation, role: str, command: str, pattern: str) -> Iterator[Statement]:
    """Through a view: rows whose text shows one of the ids. A new row cannot be offered without being taken."""
    target = name_of(relation)
    text = row_text(relation, role)
    shown = f"{text} ~ {literal(pattern)}"
    stopped = f"{shown} and case when {shown} then 1/(length({text})*0) = 0 else false end"
    if command == "select":
        yield Statement("by id", f"select 1 from {target} as r where {shown} limit 1")
    elif command == "delete":
        yield Statement("by id", f"delete from {target} as r where {stopped}", tripwire=True)
    elif command == "update":
        for name in sorted(relation.columns_for(role, "update") or {column.name for column in relation.columns})[:4]:
            change = f"{quoted(name)} = {quoted(name)}"
            yield Statement(f"by id, {name}", f"update {target} as r set {change} where {stopped}", tripwire=True)


def admitted(relation: Relation, role: str, command: Privilege, rows: Sequence[Row]) -> Statement | None:
    """Whether the policies for what exists admit one of these rows, by their expression alone."""
    expression = _expression(relation, role, command, checked=False)
    if expression is None or not rows:
        return None
    return Statement(
        "by expression", f"select 1 from {name_of(relation)} where {is_any_of(relation, rows)} and {expression}"
    )


def admitted_with(relation: Relation, role: str, own: Sequence[Row], stamp: dict[str, str | None]) -> Statement | None:
    """Whether the policies admit an own row, and would admit it with another stamp, by their expressions alone."""
    before = _expression(relation, role, "update", checked=False)
    after = _expression(relation, role, "update", checked=True)
    granted = relation.columns_for(role, "update") >= stamp.keys()
    if before is None or after is None or not own or not stamp or not granted:
        return None
    columns = ", ".join(
        f"{literal(stamp[column.name])}::{column.declared} as {quoted(column.name)}"
        if column.name in stamp
        else quoted(column.name)
        for column in relation.columns
    )
    inner = f"select {columns} from {name_of(relation)} where {is_any_of(relation, own)} and {before}"
    return Statement("by expression", f"select 1 from ({inner}) as {quoted(relation.name)} where {after}")


def _expression(relation: Relation, role: str, command: Privilege, *, checked: bool) -> str | None:
    """A command's policies for a role as one condition: any permissive one, and all that restrict. None: for nobody."""
    permissive: list[str] = []
    restrictive: list[str] = []
    for policy in relation.policies:
        if policy.governs(command) and (not policy.roles or role in policy.roles):
            text = _of(policy, checked=checked)
            (permissive if policy.permissive else restrictive).append(f"({text})")
    if not permissive:
        return None
    return " and ".join([f"({' or '.join(permissive)})", *restrictive])


def _of(policy: Policy, *, checked: bool) -> str:
    """An expression: where WITH CHECK is left out, USING stands for it."""
    return (policy.check if checked and policy.check is not None else policy.using) or "true"
