"""One table, everybody and every command: the persona's own rows as control, the other event's as witness."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.rls import statements
from runbook.rls.attempt import Attempt
from runbook.rls.canary import Canaries, CannotPlace
from runbook.rls.cells import Cell, Probe, worst
from runbook.rls.expectation import forbidden
from runbook.rls.judging import judged, undecided
from runbook.rls.session import Session
from runbook.rls.views import Views
from runbook.rls.world import SIDES, is_any_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runbook.database.connection import Database
    from runbook.rls.catalog import Catalog, Relation
    from runbook.rls.personas import Persona
    from runbook.rls.statements import Command, Statement
    from runbook.rls.tenancy import Tenancy
    from runbook.rls.world import Row, World
    from runbook.settings import Settings

IN_ONE_CONTEXT = frozenset({"copy", "returning", "merge", "on conflict", "take over", "every own row"})
"""Forms that PostgreSQL's own code could treat differently; who asks in which event makes no difference to that."""


class Prober:
    """Probes tables, one short transaction each, with canary rows as witnesses."""

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
        self._canaries = Canaries(catalog, tenancy, personas)
        self._views = Views(settings, catalog, personas, self._canaries, keep=keep)

    def probe(self, relation: Relation) -> list[Cell]:
        """Every cell of a relation. What cannot be tried is blind, with the reason; it is never left out."""
        try:
            with self._database.transaction() as cursor:
                session = Session(cursor)
                session.ask("set constraints all immediate")
                return list((self._probed if relation.is_table else self._views.probed)(session, relation))
        except Unverified as error:
            return list(undecided(relation, self._personas, self._tenancy, str(error)))

    def _probed(self, session: Session, relation: Relation) -> Iterator[Cell]:
        tenancy = self._tenancy
        world = self._canaries.world()
        variants = self._canaries.variants(relation)
        fixed = {tenancy.root.oid, tenancy.membership.oid} | ({tenancy.users.oid} if tenancy.users else set())
        later = relation.oid not in fixed
        tables = self._canaries.needed([relation])
        below = self._canaries.referring(relation, tables) if later else []
        wanted = [(table, side) for table in tables if table not in below for side in SIDES]
        self._canaries.place(session, world, [*wanted, *((table, SIDES[1]) for table in below)], variants, relation)
        others = world.of(relation, "other")
        if session.ask(f"select 1 from {name_of(relation)} where {is_any_of(relation, others)}").rows < len(others):
            raise CannotPlace(f"a canary row is not in {relation}: a rule or trigger keeps it out")
        attempt = Attempt(
            session, self._settings, world, self._names(relation), quiet=self._canaries.quiet, keep=self._keep
        )
        attempt.ready()
        found: dict[tuple[str, Command], list[Probe]] = {}
        for persona in self._personas:
            theirs = self._tenancy.not_about(relation, world.users.get(persona.name), others)
            for command in forbidden(relation, persona, self._tenancy):
                if command in ("select", "update", "delete"):
                    tried = self._against(relation, persona, command, theirs, world, alone=later)
                    found[persona.name, command] = list(self._tried(attempt, persona, command, tried))
        if later:
            session.ask("rollback to savepoint probe")
            self._canaries.place(session, world, [(table, SIDES[0]) for table in below], variants)
            attempt.ready()
        own = {
            (p.name, c): cell for p in self._personas for c, cell in self._own(attempt, relation, p, world, variants)
        }
        for persona in self._personas:
            for command in forbidden(relation, persona, self._tenancy):
                if command in ("insert", "move"):
                    probes = list(self._written(attempt, relation, persona, command, world, variants, own))
                    found[persona.name, command] = probes
        yield from own.values()
        for persona in self._personas:
            for command in forbidden(relation, persona, self._tenancy):
                yield judged(relation, persona, command, found[persona.name, command], own, keep=self._keep)

    def _names(self, relation: Relation) -> frozenset[str]:
        """The table, its partitions and what it is a partition of: errors name the one that the row went to."""
        names = {relation.name}
        for other in self._catalog.relations.values():
            if other.parent == relation.oid or other.oid == relation.parent:
                names.add(other.name)
        return frozenset(names)

    def _against(
        self, relation: Relation, persona: Persona, command: Command, rows: list[Row], world: World, *, alone: bool
    ) -> list[Statement]:
        stamp = self._tenancy.of(relation).stamp
        if command == "select":
            return list(statements.select(relation, persona.role, rows, alone=alone))
        if command == "delete":
            return list(statements.delete(relation, persona.role, rows, alone=alone))
        found = list(statements.update(relation, persona.role, rows, stamp, alone=alone))
        if relation.keys:
            spare = self._canaries.spare(world, relation, "own", 0)
            found += statements.upsert(relation, persona.role, rows, spare, stamp)
        if alone:
            found += statements.take_over(relation, self._tenancy.stamped(relation, world, "own"))
        return found

    def _tried(
        self, attempt: Attempt, persona: Persona, command: Command, tried: Iterable[Statement]
    ) -> Iterator[Probe]:
        """Each form in each context, until one gets through or the privilege turns out to be missing."""
        for context in persona.contexts:
            for statement in tried:
                once = statement.form in IN_ONE_CONTEXT or statement.form.startswith("reference by")
                if once and context != persona.contexts[0]:
                    continue
                probe = attempt.attempt(persona, context, statement)
                if statement.form == "on conflict" and probe.kind == "reached" and not probe.said.endswith("rows"):
                    continue  # the own row, which was inserted first, broke a constraint: nothing was in conflict yet
                yield probe
                if probe.kind in ("reached", "not granted") and not self._keep:
                    return

    def _own(
        self, attempt: Attempt, relation: Relation, persona: Persona, world: World, variants: int
    ) -> Iterator[tuple[Command, Cell]]:
        """What the persona reaches of its own event: the control of all the rest, and the access that it needs."""
        rows = world.of(relation, "own")
        role, stamp = persona.role, self._tenancy.of(relation).stamp
        tries: dict[Command, Iterable[Statement]] = {
            "select": statements.select(relation, role, rows, alone=persona.stranger),
            "insert": (
                statement
                for index in (variants, *range(variants))
                for statement in list(
                    statements.insert(relation, role, self._canaries.offered(world, relation, "own", index, persona))
                )[:1]
            ),
            "update": (
                statement
                for some in (rows, *([row] for row in rows))
                for statement in statements.update(relation, role, some, stamp, alone=some is rows)
                if statement.form in ("by key", "every row")
            ),
            "delete": statements.delete(relation, role, rows, alone=True),
        }
        for command, tried in tries.items():
            probes: list[Probe] = []
            for statement in tried:
                if statement.form in IN_ONE_CONTEXT:
                    continue
                probes.append(attempt.attempt(persona, persona.contexts[0], statement))
                if probes[-1].kind in ("reached", "not granted"):
                    break
            best = next((probe for probe in probes if probe.kind == "reached"), worst(probes))
            kept = (best,) if best.sql else ()
            yield command, Cell(str(relation), persona.name, command, "own", best.kind, best.reason, probes=kept)

    def _written(
        self,
        attempt: Attempt,
        relation: Relation,
        persona: Persona,
        command: Command,
        world: World,
        variants: int,
        own: dict[tuple[str, Command], Cell],
    ) -> Iterator[Probe]:
        """Rows that would stand in the other event, or point there: new ones, and own ones that are moved."""
        tried: list[Statement] = []
        if command == "insert":
            rows = [
                self._canaries.offered(world, relation, "other", index, persona)
                for index in (variants, *range(variants))
            ]
            for row in rows:
                tried += list(statements.insert(relation, persona.role, row))[: 2 if row is rows[0] else 1]
        else:
            there = self._tenancy.stamped(relation, world, "other")
            tried += statements.move(relation, persona.role, world.of(relation, "own"), there)
        stamp = {name: rows[0].get(name) for name in self._tenancy.of(relation).stamp} if command == "insert" else there
        lands = statements.landing(relation, stamp, world.of(relation, "other"))
        tried = [replace(statement, lands=lands) for statement in tried]
        yield from self._tried(attempt, persona, command, tried)
        if own[persona.name, "insert" if command == "insert" else "update"].kind == "reached":
            yield from self._references(attempt, relation, persona, command, world, variants)

    def _references(
        self, attempt: Attempt, relation: Relation, persona: Persona, command: Command, world: World, variants: int
    ) -> Iterator[Probe]:
        """An own row that refers to a row of the other event: taken, it ties the two events together."""
        for key in self._tenancy.ties(relation):
            parents = world.rows.get((key.target, "other"), [])
            there = statements.pointing(key, parents[-1], self._tenancy.of(relation).stamp) if parents else {}
            if not there:
                continue
            form = f"reference by {', '.join(key.columns)}"
            if command == "insert":
                spare = self._canaries.offered(world, relation, "own", variants, persona)
                tried = list(statements.insert(relation, persona.role, {**spare, **there}))[:1]
            else:
                # Row by row: of several that come to refer to one, a unique key would refuse the second.
                own = world.of(relation, "own")
                tried = [list(statements.move(relation, persona.role, [row], there))[-1] for row in own]
            tried = [replace(statement, form=form) for statement in tried]
            for probe in self._tried(attempt, persona, command, tried):
                # Only a row that is taken counts: that the policies pass it on to the foreign key is no hole.
                if probe.kind == "reached" and not probe.said.endswith("rows"):
                    by_key = probe.said.startswith("23503")
                    why = (
                        ""
                        if by_key
                        else f"the row broke a constraint before its reference was looked at ({probe.said})"
                    )
                    yield replace(
                        probe, kind="refused" if by_key else "blind", reason=why, sql="" if by_key else probe.sql
                    )
                else:
                    yield probe
