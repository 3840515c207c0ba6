"""Relations that keep no rows of their own: they leak when the other event's marker comes out, whatever their columns.

Canary rows go into the tables below. A view whose columns carry no marker, a count say, is watched instead: what it
shows must not change when rows of the other event come.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runbook.rls.attempt import Attempt
from runbook.rls.cells import Cell, Probe, worst
from runbook.rls.expectation import ON_ROWS
from runbook.rls.session import joined, literal, quoted
from runbook.rls.statements import TRIPWIRE, Statement, row_text
from runbook.rls.world import SIDES, insertion, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runbook.rls.canary import Canaries
    from runbook.rls.catalog import Catalog, Relation
    from runbook.rls.cells import Reach
    from runbook.rls.personas import Persona
    from runbook.rls.session import Session
    from runbook.rls.statements import Command
    from runbook.rls.values import Marker
    from runbook.rls.world import World
    from runbook.settings import Settings

MOST_COLUMNS_TRIED = 4


class Views:
    """Probes views, materialised views and foreign tables."""

    def __init__(
        self, settings: Settings, catalog: Catalog, personas: Sequence[Persona], canaries: Canaries, *, keep: bool
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._personas = personas
        self._canaries = canaries
        self._keep = keep

    def probed(self, session: Session, relation: Relation) -> Iterator[Cell]:
        """Every cell of the relation."""
        if relation.kind != "view":
            yield from self._kept_elsewhere(session, relation)
            return
        world = self._canaries.world()
        shown = below(self._catalog, relation)
        tables = self._canaries.needed([relation])
        session.ask("savepoint empty")
        self._canaries.place(session, world, [(table, side) for table in tables for side in SIDES], 1)
        names = frozenset(table.name for table in shown)
        attempt = Attempt(session, self._settings, world, names, quiet=self._canaries.quiet, keep=self._keep)
        attempt.ready()
        commands: list[Command] = [command for command in ON_ROWS if command in relation.writable]
        own = {(p.name, c): self._cell(attempt, relation, p, c, "own", world) for p in self._personas for c in commands}
        other = [self._cell(attempt, relation, p, c, "other", world) for p in self._personas for c in commands]
        through = {command for (_, command), cell in own.items() if cell.kind == "reached"}
        if "select" not in through and any(cell.command == "select" and cell.kind == "hidden" for cell in other):
            session.ask("rollback to savepoint empty")
            changed = self._watched(session, relation, tables, shown)
            own |= {(cell.persona, cell.command): cell for cell in changed if cell.reach == "own"}
            watched = {(cell.persona, cell.command): cell for cell in changed if cell.reach == "other"}
            other = [watched.get((cell.persona, cell.command), cell) for cell in other]
        yield from views_judged(own, other)

    def _cell(
        self, attempt: Attempt, relation: Relation, persona: Persona, command: Command, reach: Reach, world: World
    ) -> Cell:
        tried = list(self._statements(relation, persona, command, reach, world))
        return cell_of(attempt, relation, persona, command, reach, tried, keep=self._keep)

    def _statements(
        self, relation: Relation, persona: Persona, command: Command, reach: Reach, world: World
    ) -> Iterator[Statement]:
        target = name_of(relation)
        shown = f"{row_text(relation, persona.role)} ~ {literal(traces(world.markers[reach]))}"
        if command == "select":
            yield Statement("by marker", f"select 1 from {target} as r where {shown} limit 1")
        elif command == "delete":
            yield Statement("by marker", f"delete from {target} as r where {shown} returning {TRIPWIRE}", tripwire=True)
        elif command == "update":
            allowed = relation.columns_for(persona.role, "update")
            columns = [column.name for column in relation.columns if not allowed or column.name in allowed]
            for name in columns[:MOST_COLUMNS_TRIED]:
                change = f"{quoted(name)} = {quoted(name)}"
                sql = f"update {target} as r set {change} where {shown} returning {TRIPWIRE}"
                yield Statement(f"by marker, {name}", sql, tripwire=True)
        elif tables := below(self._catalog, relation):
            row = self._canaries.spare(world, tables[0], reach, 1)
            yield Statement("insert", insertion(relation, [{n: v for n, v in row.items() if relation.has(n)}]))

    def _watched(
        self, session: Session, relation: Relation, tables: Sequence[Relation], shown: Sequence[Relation]
    ) -> list[Cell]:
        """Whether what the view shows changes with the rows of each side, for everybody who may read it."""
        world = self._canaries.world()
        around = [(table, side) for table in tables if table not in shown for side in SIDES]
        self._canaries.place(session, world, around, 1)
        seen = [self._fingerprints(session, relation, world)]
        for side in SIDES:
            self._canaries.place(session, world, [(table, side) for table in tables if table in shown], 1)
            seen.append(self._fingerprints(session, relation, world))
        before, with_own, with_other = seen
        cells = []
        for persona in self._personas:
            name = persona.name
            if not relation.may(persona.role, "select"):
                continue
            kinds = (with_own[name].kind, with_other[name].kind)
            if "blind" in kinds or "not granted" in kinds:
                continue
            own: Reach = "own"
            for reach, old, new in ((own, before[name], with_own[name]), ("other", with_own[name], with_other[name])):
                same = old.said == new.said
                probes = () if same else (Probe(new.context, new.form, new.sql, "reached", "it changed"),)
                why = "what it shows depends on the rows of the other event" if reach == "other" and not same else ""
                cells.append(
                    Cell(str(relation), name, "select", reach, "hidden" if same else "reached", why, probes=probes)
                )
        return cells

    def _fingerprints(self, session: Session, relation: Relation, world: World) -> dict[str, Probe]:
        attempt = Attempt(session, self._settings, world, frozenset(), quiet=False, keep=True)
        attempt.ready()
        found = {}
        for persona in self._personas:
            text = row_text(relation, persona.role)
            sql = f"select md5(coalesce(string_agg({text}, '|' order by {text}), '')) from {name_of(relation)} as r"
            become = attempt.as_(persona, persona.contexts[0])
            reply = session.ask(joined(["rollback to savepoint probe", become, sql]))
            kind: Reach | str = "hidden" if reply.ok else "blind"
            said = reply.value if reply.value is not None else str(reply.sqlstate)
            found[persona.name] = Probe(
                persona.contexts[0], "whole", f"{become};\n{sql}", "hidden" if kind == "hidden" else "blind", said
            )
        session.ask("rollback to savepoint probe")
        return found

    def _kept_elsewhere(self, session: Session, relation: Relation) -> Iterator[Cell]:
        """No policy guards a materialised view or a foreign table: whoever may read it reads all that it holds."""
        world = self._canaries.world()
        attempt = Attempt(session, self._settings, world, frozenset({relation.name}), quiet=False, keep=True)
        attempt.ready()
        statement = Statement("any row", f"select 1 from {name_of(relation)} limit 1")
        for persona in self._personas:
            probe = attempt.attempt(persona, persona.contexts[0], statement)
            fields = (str(relation), persona.name, ON_ROWS[0])
            if probe.kind == "hidden":
                yield Cell(*fields, "other", "blind", f"the {relation.kind} is readable, and empty", probes=(probe,))
            else:
                why = f"no policy guards a {relation.kind}" if probe.kind == "reached" else probe.reason
                yield Cell(*fields, "other", probe.kind, why, probes=(probe,))


def traces(marker: Marker) -> str:
    """The regular expression that finds a marker in the text of a row; a number only when it is one of ours whole."""
    return rf"{marker.key}|{marker.secret}|(?<!\d){marker.number}\d{{3}}(?!\d)"


def below(catalog: Catalog, relation: Relation) -> list[Relation]:
    """The tables that a view reads, through other views too; of two that were made to read each other, each once."""
    seen: dict[int, Relation] = {}
    queue = list(relation.reads)
    while queue:
        read = catalog.relations[queue.pop()]
        if read.oid not in seen:
            seen[read.oid] = read
            queue += [] if read.is_table else read.reads
    return [read for read in seen.values() if read.is_table]


def cell_of(
    attempt: Attempt,
    relation: Relation,
    persona: Persona,
    command: Command,
    reach: Reach,
    tried: Sequence[Statement],
    *,
    keep: bool,
) -> Cell:
    """What statements about a view come to, in each context that the persona has."""
    probes: list[Probe] = []
    for context in persona.contexts if reach == "other" else persona.contexts[:1]:
        for statement in tried:
            probe = attempt.attempt(persona, context, statement)
            if probe.said.startswith(("0A000", "428C9")):
                continue  # this column cannot be written through the view
            probes.append(probe)
            if probe.kind in ("reached", "not granted") and not keep:
                break
    if not probes:
        return Cell(str(relation), persona.name, command, reach, "blind", "no column can be written through it")
    found = worst(probes)
    kept = tuple(probes) if keep else ((found,) if found.sql else ())
    return Cell(str(relation), persona.name, command, reach, found.kind, found.reason, probes=kept)


def views_judged(own: Mapping[tuple[str, Command], Cell], other: Sequence[Cell]) -> Iterator[Cell]:
    """All cells of a view: what was hidden counts only where the own event comes out of it for somebody."""
    through = {command for (_, command), cell in own.items() if cell.kind == "reached"}
    yield from own.values()
    for cell in other:
        if cell.kind not in ("hidden", "refused"):
            yield cell
        elif own[cell.persona, cell.command].kind == "reached":
            yield replace(cell, control=f"{cell.persona}: own event")
        elif cell.command in through or "select" in through:
            yield replace(cell, control="others: own event")
        else:
            yield replace(cell, kind="blind", reason="nobody sees anything of the own event through it")
