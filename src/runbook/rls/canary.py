"""Canary rows: two synthetic events with their people, and a row for each in every table that a probe touches.

They live in the probing transaction alone, which is always rolled back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.rls.endings import endings
from runbook.rls.personas import BOTH, FORMER
from runbook.rls.session import joined
from runbook.rls.values import Marker, candidates, choices, names_in
from runbook.rls.world import SIDES, World, insertion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbook.rls.catalog import Catalog, Relation
    from runbook.rls.personas import Persona
    from runbook.rls.session import Reply, Session
    from runbook.rls.tenancy import Tenancy
    from runbook.rls.world import Row, Side

MOST_VARIANTS = 6
MOST_TRIES = 40
FRESH = 20
"""Added to what tells rows apart, for a row that is not there yet: more than there are, and within most ranges."""
OTHERS = 300
"""Added in keys for the other event, where a value is too short for a marker and must differ all the same."""
UNNAMED = {
    "23514": "no partition takes it",
    "42501": "it takes INSERT, and BYPASSRLS or owning it; or a trigger refuses it",
    "P0001": "a trigger refuses it",
}
"""What the server says without naming a constraint, a column or a type."""
REPLICA = "set local session_replication_role = replica"
ORIGIN = "set local session_replication_role = origin"


class CannotPlace(Unverified):
    """No row that the table accepts was found, and so nothing can be proved with one."""


class Canaries:
    """Makes worlds. What was learned of a table's constraints is kept for the next one."""

    def __init__(self, catalog: Catalog, tenancy: Tenancy, personas: Sequence[Persona]) -> None:
        self._catalog = catalog
        self._tenancy = tenancy
        self._personas = personas
        self._picks: dict[tuple[int, str], int] = {}
        self._tries: dict[tuple[int, str], int] = {}
        self._replica: bool | None = None
        self._lasting, self._ended = endings(tenancy.membership)

    @property
    def quiet(self) -> bool:
        """Whether the login may switch triggers off for its own transaction."""
        return bool(self._replica)

    def needed(self, targets: Iterable[Relation]) -> list[Relation]:
        """The tables that must hold rows for these relations to be probed, those that are referred to first.

        Beside them: what their definitions and policies read, and what that refers to.
        """
        ordered: list[Relation] = []
        seen: set[int] = set()

        def visit(oid: int, depth: int) -> None:
            if oid in seen:
                return
            seen.add(oid)
            relation = self._catalog.relations[oid]
            referred = {key.target for key in relation.foreign_keys}
            for target in referred:
                visit(target, depth)
            if relation.is_table:
                ordered.append(relation)
            for read in relation.reads if depth else ():
                if read not in referred:
                    visit(read, depth - relation.is_table)

        tenancy = self._tenancy
        for relation in (*([tenancy.users] if tenancy.users else []), tenancy.root, tenancy.membership):
            visit(relation.oid, 0)
        for target in targets:
            seen.discard(target.oid)
            visit(target.oid, 1)
        return list(dict.fromkeys(ordered))

    def referring(self, relation: Relation, tables: Sequence[Relation]) -> list[Relation]:
        """Of these tables: the relation itself, and those that refer to it, over others too. In the same order."""
        found = {relation.oid}
        for table in tables:
            if any(key.target in found for key in table.foreign_keys):
                found.add(table.oid)
        return [table for table in tables if table.oid in found]

    def world(self) -> World:
        """Two events and their people, by name; no row is placed yet."""
        markers: dict[Side, Marker] = {side: Marker.new() for side in SIDES}
        tenancy = self._tenancy
        keys: dict[Side, str] = {side: self._made(tenancy.root, tenancy.key, markers[side], 1) for side in SIDES}
        users = {
            persona.name: self._made(tenancy.membership, tenancy.member_user, markers["own"], serial)
            for serial, persona in enumerate(self._personas[1:], start=1)
        }
        return World(keys, users, self._people()[0].membership or "", markers)

    def variants(self, relation: Relation) -> int:
        """How many kinds of rows there are: one for each value of a column that has few, and one for each member."""
        few = [len(choices(relation, column)) for column in relation.columns]
        people = len(self._people()) if self._tenancy.user_columns(relation) else 1
        return min(max([*few, people, 1]), MOST_VARIANTS)

    def place(
        self,
        session: Session,
        world: World,
        wanted: Sequence[tuple[Relation, Side]],
        variants: int,
        target: Relation | None = None,
    ) -> None:
        """Put rows into these tables, without triggers and foreign keys where the login may switch them off.

        Among the other event's in the target there is one of no event, where there may be: nobody's, it is to be hidden
        as well.

        Raises CannotPlace when a table of the exposed schemas accepts none.
        """
        if self._replica is None:
            self._replica = session.ask(f"savepoint canaries; {REPLICA}").ok
            session.ask("rollback to savepoint canaries; release savepoint canaries")
        before = [REPLICA] if self._replica else []
        after = [ORIGIN] if self._replica else []
        statements = []
        for relation, side in wanted:
            rows = [self._row(world, relation, side, i) for i in range(self._count(relation, side, variants))]
            rows += self._nobodys(world, relation, side, variants) if relation is target else []
            world.rows[relation.oid, side] = rows
            statements.append(insertion(relation, [*rows, *self._strangers(world, relation, side)]))
        if session.ask(joined(["savepoint canaries", *before, *statements, *after, "release savepoint canaries"])).ok:
            return
        # One of them was refused: find out which, and what it wants instead.
        session.ask(joined(["rollback to savepoint canaries", *before]))
        settled = []
        for relation, side in wanted:
            try:
                rows = self._settled(session, world, relation, side, variants)
            except CannotPlace:
                if relation.exposed or not self._replica:
                    raise
                rows = []  # foreign keys are off: nobody will miss it
            world.rows[relation.oid, side] = rows
            placed = [*rows, *self._strangers(world, relation, side)] if rows else []
            settled += [insertion(relation, placed)] if placed else []
        # Once more and all at once: each of the tries was a subtransaction, and there may not be many of them.
        again = ["rollback to savepoint canaries", *before, *settled, *after, "release savepoint canaries"]
        if not (reply := session.ask(joined(again))).ok:
            raise CannotPlace(
                f"the canary rows do not fit together: {reply.sqlstate} in {reply.table or reply.function}"
            )

    def _settled(self, session: Session, world: World, relation: Relation, side: Side, variants: int) -> list[Row]:
        rows: list[Row] = []
        for index in range(self._count(relation, side, variants)):
            reply = None
            for _ in range(MOST_TRIES):
                row = self._row(world, relation, side, index)
                reply = session.ask(
                    joined(["savepoint canary", insertion(relation, [row]), "release savepoint canary"])
                )
                if reply.ok:
                    rows.append(row)
                    break
                session.ask("rollback to savepoint canary; release savepoint canary")
                if not self._learn(world, relation, reply):
                    break
            if reply is not None and not reply.ok and not rows:
                where = reply.constraint or reply.column or reply.datatype or UNNAMED.get(str(reply.sqlstate))
                raise CannotPlace(f"no canary row fits {relation}: {reply.sqlstate}" + (f" ({where})" if where else ""))
        return rows

    def _learn(self, world: World, relation: Relation, reply: Reply) -> bool:
        """Choose the next combination for the columns of the violated constraint; False when all were tried."""
        texts = [text for name, text in relation.checks if name == reply.constraint]
        named = {name for text in texts for name in names_in(text)} | {reply.column}
        if reply.sqlstate == "22003":  # out of range, in what is worked out of some number
            named |= {column.name for column in relation.columns if column.category == "N"}
        columns = [column for column in relation.columns if column.name in named and not column.generated]
        if not columns:
            return False
        tried = self._tries[relation.oid, reply.constraint] = self._tries.get((relation.oid, reply.constraint), 0) + 1
        for column in columns:
            count = max(1, len(candidates(relation, column, world.markers["own"], 1, 0)))
            tried, self._picks[relation.oid, column.name] = divmod(tried, count)
        return tried == 0

    def spare(self, world: World, relation: Relation, side: Side, index: int) -> Row:
        """A row that is not there yet, of the kind `index`, for INSERT to try."""
        return self._row(world, relation, side, index, fresh=True)

    def offered(self, world: World, relation: Relation, side: Side, index: int, persona: Persona) -> Row:
        """A row that is not there yet, in which every person is the persona: nobody gets further than with that."""
        row = self.spare(world, relation, side, index)
        user = world.users.get(persona.name)
        columns = self._tenancy.user_columns(relation) if user is not None else ()
        return {**row, **dict.fromkeys((column for column in columns if column in row), user)}

    def _count(self, relation: Relation, side: Side, variants: int) -> int:
        """One more than there are kinds: what refers to a row that may be referred to but once needs a free one."""
        if relation.oid == self._tenancy.root.oid:
            return 1
        if not self._is_of_people(relation):
            return variants + 1
        # Whoever is in both events is the same person there.
        twice = side == "other" and relation.oid != self._tenancy.membership.oid
        return sum(persona.name != BOTH or not twice for persona in self._people())

    def _is_of_people(self, relation: Relation) -> bool:
        users = self._tenancy.users
        return relation.oid == self._tenancy.membership.oid or (users is not None and relation.oid == users.oid)

    def _people(self) -> list[Persona]:
        """Who belongs to an event: a member by each role, and whoever is in both."""
        return [persona for persona in self._personas if not persona.stranger]

    def _made(self, relation: Relation, column: str, marker: Marker, serial: int) -> str:
        found = candidates(relation, relation.column(column), marker, serial, 0)
        if not found or found[0] is None:
            raise CannotPlace(f"no value of type {relation.column(column).declared} is known for {relation}.{column}")
        return found[0]

    def _row(self, world: World, relation: Relation, side: Side, index: int, *, fresh: bool = False) -> Row:
        """The values of one row, as far as any fit. Raises CannotPlace when one is required and none fits."""
        marker = world.markers[side]
        bounded = {name for _, text in relation.checks for name in names_in(text)} - {
            n for key in relation.keys for n in key
        }
        unlike = (FRESH if fresh else 0) + (OTHERS if side == "other" else 0)
        given = self._references(world, relation, side, index)
        if relation.oid == self._tenancy.root.oid and not fresh:
            given[self._tenancy.key] = world.keys[side]
        if self._is_of_people(relation):
            given |= self._person(world, relation, side, index)
        row: Row = {}
        for column in relation.columns:
            if column.generated:
                continue
            if column.name in given:
                row[column.name] = given[column.name]
                continue
            # What a CHECK bounds stays as it is, lest it leave its range; a key must be new, whatever it is held to.
            serial = index + 1 + (0 if column.name in bounded else unlike)
            found = candidates(relation, column, marker, serial, index)
            if found:
                row[column.name] = found[min(self._picks.get((relation.oid, column.name), 0), len(found) - 1)]
            elif column.required and not column.default and not column.identity:
                raise CannotPlace(f"no value of type {column.declared} is known for {relation}.{column.name}")
        return row

    def _references(self, world: World, relation: Relation, side: Side, index: int) -> Row:
        """The columns that refer to something: to what stands there for the same side."""
        given: Row = {}
        for key in relation.foreign_keys:
            there = world.rows.get((key.target, side), [])
            if not there and any(relation.column(name).required for name in key.columns):
                continue
            for own, referred in zip(key.columns, key.referred, strict=True):
                # Nothing there yet, as in a circle of keys: then it refers to nothing.
                given[own] = there[index % len(there)].get(referred) if there else None
        tenure = self._tenancy.of(relation)
        for step in tenure.path[:1]:
            if step.target == self._tenancy.root.oid:
                folder = f"/{world.markers[side].secret}-{index}" if tenure.below else ""
                given[step.columns[0]] = world.keys[side] + folder
            elif not step.name and self._tenancy.users is not None and step.target == self._tenancy.users.oid:
                given[step.columns[0]] = self.user(world, side, index)
        return given

    def _person(self, world: World, relation: Relation, side: Side, index: int) -> Row:
        """Who stands in this row of the people or the members; the role is what the persona's name says."""
        tenancy = self._tenancy
        user = self.user(world, side, index, alone=relation.oid != tenancy.membership.oid)
        if relation.oid != tenancy.membership.oid:
            return {relation.keys[0][0]: user} if relation.keys else {}
        row: Row = {tenancy.member_user: user, tenancy.member_event: world.keys[side], **self._lasting}
        if tenancy.member_role is not None:
            people = self._people()
            row[tenancy.member_role] = people[index % len(people)].membership
        return row

    def _nobodys(self, world: World, relation: Relation, side: Side, variants: int) -> list[Row]:
        """A row of no event."""
        tenure = self._tenancy.of(relation)
        direct = tenure.belonging == "event" and len(tenure.path) == 1 and not tenure.below
        if side == "own" or not direct or any(relation.column(name).required for name in tenure.stamp):
            return []
        return [{**self._row(world, relation, side, variants + 1), **dict.fromkeys(tenure.stamp)}]

    def _strangers(self, world: World, relation: Relation, side: Side) -> list[Row]:
        """Rows that no other refers to: the accounts of who belongs to no event, and a membership that has ended."""
        tenancy = self._tenancy
        strangers = [persona.name for persona in self._personas[1:] if persona.stranger]
        people = len(self._people())
        if relation is tenancy.users and side == "own" and relation.keys:
            key = relation.keys[0][0]
            accounts = [(name, self._row(world, relation, side, people + i)) for i, name in enumerate(strangers)]
            return [{**row, key: world.users[name]} for name, row in accounts]
        if relation is tenancy.membership and side == "other" and FORMER in strangers:
            row = self._row(world, relation, side, 0)
            former: Row = {tenancy.member_user: world.users[FORMER]}
            return [row | self._unlike(relation, row) | former | self._ended]
        return []

    def _unlike(self, relation: Relation, row: Row) -> Row:
        """A key of its own, where members have one beside the person and the event."""
        key = relation.keys[0] if relation.keys else ()
        if len(key) != 1 or key[0] == self._tenancy.member_user or row.get(key[0]) is None:
            return {}
        value = str(row[key[0]])
        return {key[0]: f"7{value[1:]}"}

    def user(self, world: World, side: Side, index: int, *, alone: bool = True) -> str:
        """A member of one side's event. `alone`: of no other; else the last one belongs to both."""
        people = self._people()
        if side == "other" and alone:
            people = [persona for persona in people if persona.name != BOTH]
        persona = people[index % len(people)]
        if (side == "own" or persona.name == BOTH) and persona.name in world.users:
            return world.users[persona.name]
        place = index % len(people) + 1
        return self._made(self._tenancy.membership, self._tenancy.member_user, world.markers["other"], place)
