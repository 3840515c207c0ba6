"""Which events there are, and who belongs to which: the truth that the API's answers are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.settings import Relation, Tenancy


def events_of(database: Database, tenancy: Tenancy, subject: str) -> tuple[str, ...]:
    """The events that a person belongs to, by the membership table; sorted."""
    rows = database.read(
        SQL("select distinct {event}::text from {table} where {user}::text = %s order by 1").format(
            event=Identifier(tenancy.membership.event),
            user=Identifier(tenancy.membership.user),
            table=table(tenancy.membership.table),
        ),
        [subject],
    )
    return tuple(str(event) for [event] in rows)


def foreign_event(database: Database, tenancy: Tenancy, own: tuple[str, ...]) -> str:
    """An event that really exists and is none of these. Raises Unverified when there is none."""
    rows = database.read(
        SQL("select {key}::text from {root} where {key}::text <> all(%s) order by 1 limit 1").format(
            key=Identifier(tenancy.key), root=table(tenancy.root)
        ),
        [list(own)],
    )
    if not rows:
        raise Unverified(f"{tenancy.root} holds no event that the persona does not belong to: nothing to be refused")
    return str(rows[0][0])


def table(relation: Relation) -> Identifier:
    """A relation's quoted name."""
    return Identifier(relation.schema_name, relation.name)
