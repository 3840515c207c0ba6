"""Which events there are, and who belongs to which: the truth that the API's answers are held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.settings import Tenancy
    from runbook.settings_values import Relation


@dataclass(frozen=True, slots=True)
class ForeignEvent:
    """An event of others: its key, and the texts in its row (a name, say), which no refusal may give away."""

    key: str
    texts: tuple[str, ...] = field(repr=False)


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


def foreign_event(database: Database, tenancy: Tenancy, own: tuple[str, ...]) -> ForeignEvent:
    """An event that really exists and is none of these. Raises Unverified when there is none."""
    rows = database.read(
        SQL(
            "select {key}::text,"
            " array(select value from jsonb_each_text(to_jsonb(root)) where value ~ '[[:alpha:]]{{5}}')"
            " from {root} as root where {key}::text <> all(%s) order by 1 limit 1"
        ).format(key=Identifier(tenancy.key), root=table(tenancy.root)),
        [list(own)],
    )
    if not rows:
        raise Unverified(f"{tenancy.root} holds no event that the persona does not belong to: nothing to be refused")
    [[key, texts]] = rows
    known = texts if isinstance(texts, list) else []
    return ForeignEvent(str(key), tuple(str(text) for text in known if text != key))


def table(relation: Relation) -> Identifier:
    """A relation's quoted name."""
    return Identifier(relation.schema_name, relation.name)
