"""Probing without a mark: the rows that are there as witnesses, and statements that stop before they write."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.rls import statements, touchless
from runbook.rls.attempt import Attempt
from runbook.rls.canary import Canaries
from runbook.rls.cells import Cell, Probe, worst
from runbook.rls.expectation import ON_ROWS, forbidden
from runbook.rls.found import Found, ids
from runbook.rls.judging import BY_PRIVILEGE, judged, undecided
from runbook.rls.session import Session
from runbook.rls.statements import Statement
from runbook.rls.views import below, cell_of, views_judged
from runbook.rls.world import SIDES, is_any_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runbook.database.connection import Database
    from runbook.rls.catalog import Catalog, Relation
    from runbook.rls.personas import Context, Persona
    from runbook.rls.statements import Command
    from runbook.rls.tenancy import Tenancy
    from runbook.rls.world import Row, World
    from runbook.settings import Settings

CANARY_NEEDED = 'it holds no row of the other event: only a canary row could prove it (rls.witness = "canary")'
NOT_WITHOUT_A_MARK = 'no statement could tell it without writing: a canary row could (rls.witness = "canary")'


class Reader:
    """Probes relations, one short transaction each, and leaves no mark on them."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        catalog: Catalog,
        tenancy: Tenancy,
        personas: Sequence[Persona],
        *,
        keep: bool = False,
    ) -> None:
        self._database = database
        self._settings = settings
        self._catalog = catalog
        self._tenancy = tenancy
        self._personas = personas
        self._keep = keep
        self._found = Found(catalog, tenancy, personas)
        self._values = Canaries(catalog, tenancy, personas)  # only for values; it places nothing here

    def probe(self, relation: Relation) -> list[Cell]:
        """Every cell of a relation. What cannot be told is blind, with the reason; it is never left out."""
        try:
            with self._database.transaction() as cursor:
                session = Session(cursor)
                return list((self._table if relation.is_table else self._view)(session, relation))
        except Unverified as error:
            return list(undecided(relation, self._personas, self._tenancy, str(error)))

    def _attempt(self, session: Session, relation: Relation, world: World) -> Attempt:
        names = {relation.name} | {r.name for r in self._catalog.relations.values() if r.parent == relation.oid}
        attempt = Attempt(session, self._settings, world, frozenset(names), quiet=False, keep=self._keep)
        attempt.ready()
        return attempt

    def _table(self, session: Session, relation: Relation) -> Iterator[Cell]:
        world = self._found.world(session, relation)
        others = world.of(relation, "other")
        attempt = self._attempt(session, relation, world)
        own = {(p.name, c): cell for p in self._personas for c, cell in self._own(attempt, relation, p, world)}
        cells = [
            self._cell(attempt, relation, persona, command, others, world, own)
            for persona in self._personas
            for command in forbidden(relation, persona, self._tenancy)
        ]
        session.ask("rollback to savepoint probe")
        if others and session.ask(f"select 1 from {name_of(relation)} where {is_any_of(relation, others)}").rows < len(
            others
        ):
            raise Unverified("its rows were changed by somebody else meanwhile: run again")
        yield from own.values()
        yield from cells

    def _cell(
        self,
        attempt: Attempt,
        relation: Relation,
        persona: Persona,
        command: Command,
        others: list[Row],
        world: World,
        own: dict[tuple[str, Command], Cell],
    ) -> Cell:
        theirs = self._tenancy.not_about(relation, world.users.get(persona.name), others)
        missing = self._found.missing(persona)
        if missing is not None:
            return Cell(str(relation), persona.name, command, "other", "blind", missing)
        probes = list(self._tried(attempt, relation, persona, command, theirs, world))
        cell = judged(relation, persona, command, probes, own, keep=self._keep)
        if not probes and not cell.decided:
            cell = replace(cell, reason=NOT_WITHOUT_A_MARK)
        vacuous = (
            not theirs and command in ("select", "update", "delete") and cell.kind in ("hidden", "refused", "blind")
        )
        return replace(cell, kind="blind", reason=CANARY_NEEDED, control="") if vacuous else cell

    def _tried(
        self, attempt: Attempt, relation: Relation, persona: Persona, command: Command, theirs: list[Row], world: World
    ) -> Iterator[Probe]:
        """Each form in each context, until one gets through or the privilege turns out to be missing."""
        own = world.of(relation, "own")
        for context in persona.contexts:
            for statement in self._statements(relation, persona, command, theirs, own, world):
                probe = attempt.attempt(persona, context, statement)
                yield probe
                if probe.kind in ("reached", "not granted") and not self._keep:
                    return
            if (
                said := self._by_expression(attempt, relation, persona, context, command, theirs, own, world)
            ) is not None:
                yield said

    def _statements(
        self, relation: Relation, persona: Persona, command: Command, theirs: list[Row], own: list[Row], world: World
    ) -> Iterable[Statement]:
        role, stamp = persona.role, self._tenancy.of(relation).stamp
        # A stranger has no row of its own, so the first that passes is one too many.
        alone = persona.stranger
        if command == "select":
            return statements.select(relation, role, theirs, alone=alone)
        if command == "update":
            return touchless.update(relation, role, theirs, stamp, alone=alone)
        if command == "delete":
            return touchless.delete(relation, role, theirs)
        if command == "insert":
            return self._insertions(relation, persona, world)
        return self._moves(relation, persona, own, world)

    def _insertions(self, relation: Relation, persona: Persona, world: World) -> Iterator[Statement]:
        """A row of the other event, and own ones that refer to a row of it: no foreign key is asked, so only those that
        could not refuse it."""
        yield from touchless.insert(relation, persona.role, self._values.offered(world, relation, "other", 0, persona))
        stamp = self._tenancy.of(relation).stamp
        for key in self._tenancy.ties(relation) if not persona.stranger else ():
            parents = world.rows.get((key.target, "other"), [])
            if parents and (key.columns == stamp or not set(stamp) & set(key.columns)):
                own = self._values.offered(world, relation, "own", 0, persona)
                row = {**own, **statements.pointing(key, parents[0], stamp)}
                for statement in touchless.insert(relation, persona.role, row):
                    yield replace(statement, form=f"reference by {', '.join(key.columns)}")

    def _moves(self, relation: Relation, persona: Persona, own: list[Row], world: World) -> Iterator[Statement]:
        """An own row with the other event's stamp, and one that refers to a row of it, as for new ones."""
        yield from touchless.move(relation, persona.role, own, self._tenancy.stamped(relation, world, "other"))
        stamp = self._tenancy.of(relation).stamp
        for key in self._tenancy.ties(relation) if not persona.stranger else ():
            parents = world.rows.get((key.target, "other"), [])
            if parents and key.columns != stamp and not set(stamp) & set(key.columns):
                there = statements.pointing(key, parents[0], stamp)
                for statement in touchless.move(relation, persona.role, own, there):
                    yield replace(statement, form=f"reference by {', '.join(key.columns)}")

    def _by_expression(
        self,
        attempt: Attempt,
        relation: Relation,
        persona: Persona,
        context: Context,
        command: Command,
        theirs: list[Row],
        own: list[Row],
        world: World,
    ) -> Probe | None:
        """What a statement that reads no column would do, from the policy's expression: running it could write.

        The operator's subqueries see all rows, so they may admit too much, and a NOT EXISTS too little: then it is
        undecided.
        """
        if not relation.rls or command not in ("update", "delete", "move"):
            return None
        if command == "move":
            statement = touchless.admitted_with(
                relation, persona.role, own, self._tenancy.stamped(relation, world, "other")
            )
        else:
            statement = touchless.admitted(relation, persona.role, BY_PRIVILEGE[command], theirs)
        if statement is None:
            return None
        probe = attempt.as_operator(persona, context, statement)
        words = set(re.findall(r"\w+", statement.sql.partition(" where ")[2].upper()))
        subquery = "FROM" in words
        if probe.kind == "reached" and subquery:
            return replace(probe, kind="blind", reason="its policy admits such rows when its subqueries see everything")
        if probe.kind == "hidden" and subquery and "NOT" in words:
            return replace(probe, kind="blind", reason="its policy has a NOT over a subquery: only a canary can tell")
        return replace(probe, kind="refused") if probe.kind == "hidden" and command == "move" else probe

    def _own(
        self, attempt: Attempt, relation: Relation, persona: Persona, world: World
    ) -> Iterator[tuple[Command, Cell]]:
        """What the persona reaches of its own event, without a mark either."""
        rows = world.of(relation, "own")
        role, stamp = persona.role, self._tenancy.of(relation).stamp
        missing = self._found.missing(persona)
        tries: dict[Command, Iterable[Statement]] = {
            "select": statements.select(relation, role, rows, alone=persona.stranger),
            "insert": touchless.insert(relation, role, self._values.offered(world, relation, "own", 0, persona)),
            "update": touchless.update(relation, role, rows, stamp, alone=False),
            "delete": touchless.delete(relation, role, rows),
        }
        for command, tried in tries.items():
            probes = []
            for statement in tried if missing is None else ():
                if statement.form != "copy":
                    probes.append(attempt.attempt(persona, persona.contexts[0], statement))
                    if probes[-1].kind == "reached":
                        break
            if not probes:
                yield (
                    command,
                    Cell(str(relation), persona.name, command, "own", "blind", missing or "no own row is there"),
                )
                continue
            best = next((probe for probe in probes if probe.kind == "reached"), worst(probes))
            kept = (best,) if best.sql else ()
            yield command, Cell(str(relation), persona.name, command, "own", best.kind, best.reason, probes=kept)

    def _view(self, session: Session, relation: Relation) -> Iterator[Cell]:
        """A view leaks when an id of the other event comes out of it; nothing is written through it."""
        tables = below(self._catalog, relation)
        world = None
        for table in tables or [self._tenancy.root]:
            world = self._found.world(session, table)
        if world is None or relation.kind != "view":
            raise Unverified(f"a {relation.kind} is guarded by no policy, and what it holds is not looked at")
        patterns = {side: ids(world, side) for side in SIDES}
        attempt = self._attempt(session, relation, world)
        commands = [command for command in ON_ROWS if command in relation.writable]
        own: dict[tuple[str, Command], Cell] = {}
        other: list[Cell] = []
        for persona in self._personas:
            missing = self._found.missing(persona)
            for command in commands:
                for reach in SIDES:
                    tried = list(touchless.through(relation, persona.role, command, patterns[reach]))
                    if missing is not None or not tried:
                        why = missing or "only a canary row could be written through it"
                        cell = Cell(str(relation), persona.name, command, reach, "blind", why)
                    else:
                        cell = cell_of(attempt, relation, persona, command, reach, tried, keep=self._keep)
                    if reach == "own":
                        own[persona.name, command] = cell
                    else:
                        other.append(cell)
        yield from views_judged(own, other)
