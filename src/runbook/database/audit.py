"""Decisions and the audit entries that are evidence of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.sql import Literal as Value

from runbook.database.connection import Caller, act_as, act_as_operator
from runbook.database.people import table
from runbook.errors import Unverified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runbook.database.connection import Cursor, Database
    from runbook.settings import Audit, AuditedFacts
    from runbook.settings_values import Relation

Fact = Literal["who", "what", "when", "event"]
FACTS: tuple[Fact, ...] = ("who", "what", "when", "event")

Command = Literal["UPDATE", "DELETE", "TRUNCATE"]
COMMANDS: tuple[Command, ...] = ("UPDATE", "DELETE", "TRUNCATE")


@dataclass(frozen=True, slots=True)
class Trail:
    """How decisions and entries match, counted over all of them."""

    decisions: int
    entries: int
    without_entry: int
    without_decision: int
    disagreeing: dict[Fact, int]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A decision that was made and rolled back: its trail meanwhile, and what was left of it afterwards."""

    meanwhile: Trail
    left_behind: int


class Attempt(NamedTuple):
    """What a role's try to change the evidence came to: `done` is the violation."""

    answer: Literal["not granted", "refused", "no row reached", "done"]
    sqlstate: str | None = None


def trail(database: Database, audit: Audit) -> Trail:
    """Match every decision with its entries, in one set-based query. Raises Unverified where there is none."""
    with database.transaction(read_only=True) as cursor:
        found = _trail(cursor, audit, None)
    if not found.decisions and not found.entries:
        raise Unverified(f"{audit.decisions.table} holds no decision, so nothing proves that decisions are audited")
    return found


def entries_between(database: Database, audit: Audit, since: datetime, until: datetime) -> dict[str, datetime]:
    """The decisions that the audit log tells of in a span of time: when each was entered, by the decision's id."""
    with database.transaction(read_only=True) as cursor:
        query = SQL("select e.id, e.at from ({}) as e where e.at between %s and %s and e.id is not null order by e.at")
        rows = cursor.execute(query.format(_facts(cursor, audit.entries)), (since, until)).fetchall()
    return {str(id_): at for id_, at in rows if isinstance(at, datetime)}


def rehearse(database: Database, audit: Audit, sql: str, caller: Caller, event_header: str) -> Rehearsed:
    """Make a decision as the API would, look at its entry in the same transaction, and roll both back."""
    with database.transaction() as cursor:
        act_as(cursor, caller, event_header)
        made = cursor.execute(sql.encode()).fetchone()
        act_as_operator(cursor)
        if made is None:
            raise Unverified("audit.rehearsal.sql made no decision: is there an undecided enrolment in the event?")
        decision = str(made[0])
        meanwhile = _trail(cursor, audit, decision)
    with database.transaction(read_only=True) as cursor:
        afterwards = _trail(cursor, audit, decision)
    return Rehearsed(meanwhile, afterwards.decisions + afterwards.entries)


def attempt(
    database: Database,
    audit: Audit,
    command: Command,
    role: str,
    callers: Iterable[Caller],
    event_header: str,
    *,
    writes: bool,
) -> Attempt:
    """Try to change the evidence as each caller, all of one role, until one succeeds. Without the privilege nothing is
    sent; with it every try is rolled back."""
    relation = audit.entries.table
    statements = _statements(database, relation, role, command)
    if not statements:
        return Attempt("not granted")
    if not writes:
        raise Unverified(f"{role} holds {command} on {relation}: only a try, rolled back, shows more (writes = true)")
    if not database.read(SQL("select from {} limit 1").format(table(relation))):
        raise Unverified(f"{relation} is empty: nothing there to be protected")
    answer = Attempt("no row reached")
    for caller in callers:
        for statement in statements:
            tried = _tried(database, relation, statement, caller, event_header)
            if tried.answer == "done":
                return tried
            answer = tried if tried.answer == "refused" else answer
    return answer


def _tried(database: Database, relation: Relation, statement: Composed, caller: Caller, event_header: str) -> Attempt:
    with database.transaction() as cursor:
        act_as(cursor, caller, event_header)
        try:
            cursor.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            return Attempt("refused", error.sqlstate)
        except psycopg.errors.NotNullViolation as error:
            # It comes after the policies, so they let the row through: only the NULL of this try was refused.
            if error.diag.table_name != relation.name or error.diag.context:
                raise
            return Attempt("done", error.sqlstate)
        except psycopg.errors.QueryCanceled:
            raise
        except psycopg.DatabaseError as error:
            if error.diag.source_function != "exec_stmt_raise":
                raise
            return Attempt("refused", error.sqlstate)
        # -1 is the row count of TRUNCATE.
        return Attempt("no row reached" if cursor.rowcount == 0 else "done")


def _statements(database: Database, relation: Relation, role: str, command: Command) -> list[Composed]:
    """The ways to do it that the role's privileges allow; none where they allow none.

    UPDATE by column, since privileges are; and with and without reading it, since reading adds the SELECT policies,
    while a CHECK may refuse a NULL. The constant WHERE is for Supabase's safeupdate, and reads nothing.
    """
    rows = database.read(
        "select has_table_privilege(r.oid, c.oid, %s), array(select a.attname from pg_attribute as a"
        "   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = ''"
        "     and a.attgenerated = '' and has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE') order by a.attnum)"
        " from pg_roles as r, pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where r.rolname = %s and n.nspname = %s and c.relname = %s",
        [command, role, relation.schema_name, relation.name],
    )
    if not rows:
        raise Unverified(f"there is no role {role} or no relation {relation}")
    [[granted, updatable]] = rows
    target = table(relation)
    if command == "UPDATE":
        columns = [Identifier(name) for name in updatable] if isinstance(updatable, list) else []
        return [
            SQL("update {} set {} = {} where true").format(target, column, value)
            for column in columns
            for value in (SQL("null"), column)
        ]
    statement = SQL("delete from {} where true" if command == "DELETE" else "truncate {}").format(target)
    return [statement] if granted else []


def _trail(cursor: Cursor, audit: Audit, only: str | None) -> Trail:
    query = SQL(
        "with decision as ({decisions}), entry as ({entries}), pair as ("
        " select d.id as decided, e.id as entered,"
        " d.who is distinct from e.who or e.who is null as who,"
        " d.what is distinct from e.what or e.what is null as what,"
        " abs(extract(epoch from d.at - e.at)) > %(within)s or e.at is null as at,"
        " d.event is distinct from e.event or e.event is null as event"
        " from decision as d full join entry as e on e.id = d.id where {scope})"
        " select count(distinct decided), count(distinct entered), count(*) filter (where entered is null),"
        " count(*) filter (where decided is null),"
        " count(*) filter (where both_there and who), count(*) filter (where both_there and what),"
        " count(*) filter (where both_there and at), count(*) filter (where both_there and event)"
        " from (select *, decided is not null and entered is not null as both_there from pair) as pair"
    ).format(
        decisions=_facts(cursor, audit.decisions),
        entries=_facts(cursor, audit.entries),
        scope=SQL("true") if only is None else SQL("coalesce(d.id, e.id) = {}").format(Value(only)),
    )
    counts = [int(str(count)) for count in cursor.execute(query, {"within": audit.within}).fetchall()[0]]
    decisions, entries, without_entry, without_decision, *disagreeing = counts
    return Trail(decisions, entries, without_entry, without_decision, dict(zip(FACTS, disagreeing, strict=True)))


def _facts(cursor: Cursor, facts: AuditedFacts) -> Composable:
    """A query of id, who, what, at and event, each where the settings say that it stands."""
    joins: list[Composable] = []
    columns = [_expression(cursor, facts.table, path, joins) for path in (facts.id, facts.who, facts.what)]
    at = _expression(cursor, facts.table, facts.when, joins)
    event = _expression(cursor, facts.table, facts.event, joins)
    only = [SQL("t.{} = {}").format(Identifier(name), Value(value)) for name, value in facts.only.items()]
    return SQL(
        "select {}::text as id, {}::text as who, {}::text as what, {}::timestamptz as at, {}::text as event"
        " from {} as t {} where {}"
    ).format(
        *columns, at, event, table(facts.table), SQL(" ").join(joins), SQL(" and ").join(only) if only else SQL("true")
    )


def _expression(cursor: Cursor, relation: Relation, path: str, joins: list[Composable]) -> Composable:
    """`column`, `json_column.key` or `foreign_key.column`: what a dotted path means, by the catalogue."""
    alias, column, *rest = "t", *path.split(".")
    schema, name = relation.schema_name, relation.name
    for index, step in enumerate(rest):
        found = cursor.execute(
            "select a.atttypid in ('json'::regtype, 'jsonb'::regtype), rn.nspname, rc.relname, ra.attname"
            " from pg_attribute as a join pg_class as c on c.oid = a.attrelid"
            " join pg_namespace as n on n.oid = c.relnamespace"
            " left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]"
            " left join pg_class as rc on rc.oid = k.confrelid left join pg_namespace as rn on rn.oid = rc.relnamespace"
            " left join pg_attribute as ra on ra.attrelid = rc.oid and ra.attnum = k.confkey[1]"
            " where n.nspname = %s and c.relname = %s and a.attname = %s and not a.attisdropped"
            " order by k.conname limit 1",
            [schema, name, column],
        ).fetchone()
        if found is None or not (found[0] or found[1]):
            raise Unverified(f"{relation}.{path}: {schema}.{name}.{column} is neither JSON nor a foreign key")
        if found[0]:
            return SQL("({}.{} #>> {})").format(Identifier(alias), Identifier(column), Value(rest[index:]))
        schema, name, key = (str(part) for part in found[1:])
        joined = f"j{len(joins)}"
        joins.append(
            SQL("left join {} as {} on {}.{} = {}.{}").format(
                Identifier(schema, name),
                Identifier(joined),
                Identifier(joined),
                Identifier(key),
                Identifier(alias),
                Identifier(column),
            )
        )
        alias, column = joined, step
    return SQL("{}.{}").format(Identifier(alias), Identifier(column))
