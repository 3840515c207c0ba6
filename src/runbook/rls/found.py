"""Rows that are there: two of the target's own events with their people, as witnesses that nobody had to place."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.rls.personas import BOTH, FORMER, OUTSIDER
from runbook.rls.session import ServerRefused, literal, quoted
from runbook.rls.values import Marker
from runbook.rls.world import SIDES, World, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.rls.catalog import Catalog, Relation
    from runbook.rls.personas import Persona
    from runbook.rls.session import Session
    from runbook.rls.tenancy import Tenancy
    from runbook.rls.world import Row, Side

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

MOST_ROWS = 20
"""As many rows of each event are looked at in a table: enough for several kinds, few enough for a large one."""


class Found:
    """Finds worlds. The events and the people are chosen once, and so are the rows of a table."""

    def __init__(self, catalog: Catalog, tenancy: Tenancy, personas: Sequence[Persona]) -> None:
        self._catalog = catalog
        self._tenancy = tenancy
        self._personas = personas
        self._world: World | None = None

    def world(self, session: Session, relation: Relation) -> World:
        """The two events, with the rows of a table and of those that it refers to. Raises Unverified without two."""
        try:
            if self._world is None:
                self._world = self._chosen(session)
            wanted = [relation, *(self._catalog.relations[key.target] for key in relation.foreign_keys)]
            for table in wanted:
                for side in SIDES:
                    if (table.oid, side) not in self._world.rows:
                        self._world.rows[table.oid, side] = self._rows(session, self._world, table, side)
        except ServerRefused as refused:
            takes = " (it takes SELECT, and BYPASSRLS or owning it)" if refused.reply.sqlstate == "42501" else ""
            raise Unverified(f"the rows of {relation} cannot be read: {refused.reply.sqlstate}{takes}") from None
        return self._world

    def _chosen(self, session: Session) -> World:
        """The event with the most kinds of members, and another one; a member of both of them, if anybody is."""
        tenancy = self._tenancy
        user, event = quoted(tenancy.member_user), quoted(tenancy.member_event)
        members = name_of(tenancy.membership)
        role = f"{quoted(tenancy.member_role)}::text" if tenancy.member_role else "''"
        events = session.rows(
            f"select {event}::text, count(distinct {role}) from {members} where {event} is not null"
            " group by 1 order by 2 desc, count(*) desc, 1 limit 1"
        )
        if not events or events[0][0] is None:
            raise Unverified(f"{tenancy.membership} holds no member: touchless probes need rows of two events")
        own = events[0][0]
        others = session.rows(
            f"select root.{quoted(tenancy.key)}::text, (select min(m.{user}::text) from {members} as m"
            f" where m.{event}::text = root.{quoted(tenancy.key)}::text and m.{user} in"
            f" (select {user} from {members} where {event}::text = {literal(own)})),"
            f" (select count(*) from {members} as m where m.{event}::text = root.{quoted(tenancy.key)}::text)"
            f" from {name_of(tenancy.root)} as root where root.{quoted(tenancy.key)}::text <> {literal(own)}"
            " order by 2 is null, 3 desc, 1 limit 1"
        )
        if not others or others[0][0] is None:
            raise Unverified(f"{tenancy.root} holds one event alone: touchless probes need rows of two events")
        other, both = others[0][0], others[0][1]
        users: dict[str, str] = {OUTSIDER: self._nobody()}
        if both is not None:
            users[BOTH] = both
        for persona in self._personas:
            if persona.stranger or persona.name == BOTH:
                continue
            of_role = f" and {role} = {literal(persona.membership)}" if tenancy.member_role else ""
            found = session.rows(
                f"select {user}::text from {members} as m where {event}::text = {literal(own)}{of_role} and not exists"
                f" (select from {members} as n where n.{user} = m.{user} and n.{event}::text = {literal(other)})"
                " order by 1 limit 1"
            )
            if found and found[0][0] is not None:
                users[persona.name] = found[0][0]
        first = next((persona for persona in self._personas if not persona.stranger), None)
        # The markers are for rows that are offered and never taken.
        markers: dict[Side, Marker] = {side: Marker.new() for side in SIDES}
        return World({"own": own, "other": other}, users, (first.membership if first else "") or "", markers)

    def _nobody(self) -> str:
        """The id of somebody who is in no event."""
        column = self._tenancy.membership.column(self._tenancy.member_user)
        return str(uuid.uuid4()) if column.type == "uuid" else "2147483647"

    def missing(self, persona: Persona) -> str | None:
        """Why a persona cannot be played with who is there."""
        if self._world is None or persona.name in self._world.users or persona.name == self._personas[0].name:
            return None
        if persona.name == BOTH:
            return "nobody belongs to both of the two events that are looked at"
        if persona.name == FORMER:
            return "a membership that has ended is played with canary rows only"
        return f"the event that is looked at has no {persona.name} who is not in the other one as well"

    def _rows(self, session: Session, world: World, relation: Relation, side: Side) -> list[Row]:
        """Some rows of one side, with the columns that tell them apart and those that tie them to others."""
        tenure = self._tenancy.of(relation)
        key = next((key for key in relation.keys if all(relation.column(name).required for name in key)), None)
        tied = [name for foreign in relation.foreign_keys for name in foreign.columns]
        names = list(dict.fromkeys([*(key or ()), *tied, *tenure.stamp, *self._tenancy.user_columns(relation)]))
        if relation is self._tenancy.root or relation is self._tenancy.users:
            names = list(dict.fromkeys([*names, self._tenancy.key if relation is self._tenancy.root else names[0]]))
        condition = self._condition(world, relation, side)
        if condition is None or not (names or key is None):
            return []
        shown = [*(f"t.{quoted(name)}::text" for name in names), *(["t.ctid::text"] if key is None else [])]
        rows = session.rows(f"select {', '.join(shown)} from {name_of(relation)} as t{condition} limit {MOST_ROWS}")
        columns = [*names, *(["ctid"] if key is None else [])]
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _condition(self, world: World, relation: Relation, side: Side) -> str | None:
        """Joins and WHERE for the rows of one side; None where a table has none for it."""
        tenancy = self._tenancy
        tenure = tenancy.of(relation)
        if relation is tenancy.root:
            return f" where t.{quoted(tenancy.key)}::text = {literal(world.keys[side])}"
        people = ", ".join(literal(user) for user in world.users.values())
        if relation is tenancy.users:
            inside = "in" if side == "own" else "not in"
            return f" where t.{quoted(relation.keys[0][0])}::text {inside} ({people})" if relation.keys else None
        if not tenure.path:
            return "" if side == "other" or tenure.belonging == "public" else None
        joins, alias = "", "t"
        for number, step in enumerate(tenure.path[:-1]):
            joined = f"j{number}"
            on = " and ".join(
                f"{joined}.{quoted(referred)} = {alias}.{quoted(own)}"
                for own, referred in zip(step.columns, step.referred, strict=True)
            )
            joins += f" join {name_of(self._catalog.relations[step.target])} as {joined} on {on}"
            alias = joined
        last = tenure.path[-1]
        column = f"{alias}.{quoted(last.columns[0])}::text"
        if tenure.belonging == "owner":
            return f"{joins} where {column} {'in' if side == 'own' else 'not in'} ({people})"
        value = f"split_part({column}, '/', 1)" if tenure.below else column
        # What belongs to no event belongs to nobody: it is to be hidden like another event's.
        nobodys = side == "other" and len(tenure.path) == 1 and not relation.column(last.columns[0]).required
        return f"{joins} where {value} = {literal(world.keys[side])}" + (f" or {column} is null" if nobodys else "")


def ids(world: World, side: Side) -> str:
    """A pattern for the ids of one side: its event's and its rows', as far as they are known again in any text, and
    are no person's. Raises Unverified where there is none."""
    here = {value for (_, of), rows in world.rows.items() if of == side for row in rows for value in row.values()}
    there = {value for (_, of), rows in world.rows.items() if of != side for row in rows for value in row.values()}
    values = sorted(value for value in {world.keys[side], *here} - there if value and UUID.fullmatch(value))
    known = [value for value in values if value not in world.users.values()]
    if not known:
        raise Unverified("its rows have no ids that are known again in a text: only a canary can tell")
    return "|".join(known)
