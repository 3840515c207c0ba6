"""Functions that a client may call: called with what belongs to the other event, and watched for what comes of it.

A leak is what comes back (the other event's texts, or ids that were not given) and what is changed: afterwards the
other event's rows must be as they were, and nobody new may belong to it.
"""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.rls.answer import NOT_THE_ROLE
from runbook.rls.attempt import OPERATOR
from runbook.rls.canary import Canaries
from runbook.rls.cells import Cell, Probe
from runbook.rls.found import Found, ids
from runbook.rls.personas import BOTH, becoming
from runbook.rls.session import Session, joined, literal, quoted
from runbook.rls.values import PLAIN, names_in
from runbook.rls.views import traces
from runbook.rls.world import SIDES, is_any_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runbook.database.connection import Database
    from runbook.rls.catalog import Argument, Catalog, Function, Relation
    from runbook.rls.cells import Reach
    from runbook.rls.personas import Context, Persona
    from runbook.rls.tenancy import Tenancy
    from runbook.rls.world import World
    from runbook.settings import Settings

MOST_CALLS = 12
MOST_TABLES = 40
CALLS_OUT = re.compile(
    r"\b(net\.http_|http_(get|post|put|delete)\s*\(|dblink|pg_sleep|lo_export|copy\s+.*\bprogram\b)", re.I
)
"""What a rolled-back transaction would not undo."""

SCALAR = re.compile(r"(boolean|void|smallint|integer|bigint|numeric|real|double precision|date|timestamp.*|interval)")
"""Results in which no marker can come out: such a function is watched for what it changes."""

Call = tuple[str, tuple[str, ...]]
"""A call as SQL, and the ids that it gives away itself."""


class Functions:
    """Probes functions, one short transaction each."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        catalog: Catalog,
        tenancy: Tenancy,
        personas: Sequence[Persona],
        *,
        canaries: bool,
    ) -> None:
        self._database = database
        self._settings = settings
        self._catalog = catalog
        self._tenancy = tenancy
        self._personas = personas
        self._canaries = Canaries(catalog, tenancy, personas) if canaries else None
        self._rows = Found(catalog, tenancy, personas)

    def probe(self, function: Function) -> list[Cell]:
        """A cell for each persona: whether it gets at the other event by this function."""
        try:
            if CALLS_OUT.search(function.body):
                raise Unverified(
                    "it acts outside of the database, so it is not called: declare it or verify it by hand"
                )
            with self._database.transaction() as cursor:
                session = Session(cursor)
                session.ask("set constraints all immediate")
                return list(self._probed(session, function))
        except Unverified as error:
            return [Cell(str(function), p.name, "select", "other", "blind", str(error)) for p in self._personas]

    def _probed(self, session: Session, function: Function) -> Iterator[Cell]:
        mentioned = self._mentioned(function)
        world, tables = self._world(session, function, mentioned)
        session.ask("savepoint probe")
        watch = self._watch(world, tables) if function.volatility == "volatile" else ""
        before = session.ask(f"rollback to savepoint probe; {watch}").value if watch else None
        seen_own = ran = False
        cells = []
        for persona in self._personas:
            if persona.role not in function.roles:
                cells.append(Cell(str(function), persona.name, "select", "other", "not granted"))
                continue
            context: Context = persona.contexts[0]
            own, own_answered = self._called(session, function, persona, context, world, "own", "", None)
            seen_own = seen_own or own.kind == "reached"
            ran = ran or (own_answered and own.kind != "blind")
            contexts = persona.contexts if persona.stranger else persona.contexts[:1]
            probe = own
            for context in contexts:
                if persona.name == BOTH and function.arguments:
                    # By its arguments a function may serve each of one's events, whatever event the request names.
                    probe = Probe(context, "not tried", "", "hidden", "", "a member of both events may name both")
                    break
                probe, answered = self._called(session, function, persona, context, world, "other", watch, before)
                if probe.kind in ("reached", "blind"):
                    break  # what another context shows does not outweigh it
                if not answered and probe.kind == "hidden":
                    probe = Probe(context, probe.form, probe.sql, "refused", probe.said)
            cells.append(
                Cell(str(function), persona.name, "select", "other", probe.kind, probe.reason, probes=(probe,))
            )
        for cell in cells:
            if cell.kind not in ("hidden", "refused"):
                yield cell
            elif seen_own or (ran and cell.kind == "refused"):
                why = "it returns rows of the own event" if seen_own else "the call fails, and not for the own event"
                yield _with(cell, why)
            elif cell.kind == "refused" and cell.probes[0].said.startswith("42501"):
                yield _with(cell, "the call is refused with 42501")
            elif cell.kind == "refused" and mentioned:
                reason = f"every call fails, for the own event as well ({cell.probes[0].said}): call it by hand"
                yield Cell(cell.relation, cell.persona, "select", "other", "blind", reason, probes=cell.probes)
            elif not mentioned:
                yield _with(cell, "it reads no table of events")
            elif SCALAR.fullmatch(function.returns):
                yield _with(cell, f"it returns {function.returns}: what it changes was watched")
            else:
                reason = "nothing of the own event came back from it either"
                yield Cell(cell.relation, cell.persona, "select", "other", "blind", reason, probes=cell.probes)

    def _world(
        self, session: Session, function: Function, mentioned: Sequence[Relation]
    ) -> tuple[World, list[Relation]]:
        """The rows that calls are about: canaries, or those that are there where nothing may be written."""
        if self._canaries is not None:
            world = self._canaries.world()
            tables = self._canaries.needed(mentioned)
            self._canaries.place(session, world, [(table, side) for table in tables for side in SIDES], 1)
            return world, tables
        if function.volatility == "volatile":
            raise Unverified("it is VOLATILE, so it is not called where nothing may be written (rls.witness)")
        tables = [table for table in mentioned if table.is_table]
        world = self._rows.world(session, self._tenancy.membership)
        for table in tables:
            world = self._rows.world(session, table)
        return world, tables

    def _mentioned(self, function: Function) -> list[Relation]:
        """The tables and views of events whose names stand in its body, or in a function's that it names."""
        names = names_in(function.body) | names_in(function.returns)
        for other in self._catalog.functions:
            if other.name in names and other is not function:
                names |= names_in(other.body)
        found = [
            relation
            for relation in self._catalog.relations.values()
            if relation.name in names and (not relation.is_table or self._tenancy.of(relation).belonging != "public")
        ]
        return found[:MOST_TABLES]

    def _called(
        self,
        session: Session,
        function: Function,
        persona: Persona,
        context: Context,
        world: World,
        reach: Reach,
        watch: str,
        before: str | None,
    ) -> tuple[Probe, bool]:
        """The worst that calls with one side's ids come to, and whether one of them was answered at all."""
        become = becoming(self._settings, persona, world, context)
        answered = False
        last = Probe(context, "call", "", "hidden", "no call")
        for call, given in islice(self._calls(function, world, reach), MOST_CALLS):
            text = "replace(" * len(given) + "t::text" + "".join(f", {literal(id_)}, '')" for id_ in given)
            pattern = traces(world.markers[reach]) if self._canaries is not None else ids(world, reach)
            sql = f"select 1 from (select {call} as t) as called where {text} ~ {literal(pattern)} limit 1"
            reply = session.ask(joined(["rollback to savepoint probe", become, sql]))
            answered = answered or reply.ok
            said = f"{reply.rows} rows" if reply.ok else f"{reply.sqlstate} {reply.function}"
            shown = f"{become};\n{sql}"
            if reply.ok and reply.rows:
                why = f"{call.partition('(')[0]} gives back rows of the other event" if reach == "other" else ""
                return Probe(context, "call", shown, "reached", said, why), True
            if watch and reply.ok and reach == "other":
                after = session.ask(joined([OPERATOR, watch])).value
                if after != before:
                    why = "it changes rows of the other event, or who belongs to it"
                    return Probe(context, "call", shown, "reached", said, why), True
            if reply.function == "call_string_check_hook" and not reply.context:
                return Probe(context, "call", shown, "blind", said, NOT_THE_ROLE), True
            if reply.sqlstate in ("57014", "55P03"):
                return Probe(context, "call", shown, "blind", said, f"the call ran into a time limit ({said})"), True
            last = Probe(context, "call", shown, "hidden", said)
        return last, answered

    def _calls(self, function: Function, world: World, reach: Reach) -> Iterator[Call]:
        """Calls with every sensible choice of ids; no argument is left to its default where it could be an id."""
        name = f"{quoted(function.schema)}.{quoted(function.name)}"
        choices = [list(self._choices(argument, world, reach)) for argument in function.arguments]
        for values in product(*choices):
            given = tuple(value for value in values if value is not None and len(value) >= 8)
            written = ", ".join(f"{literal(v)}::{a.type}" for v, a in zip(values, function.arguments, strict=True))
            yield f"{name}({written})", given

    def _choices(self, argument: Argument, world: World, reach: Reach) -> Iterator[str | None]:
        """Ids of one side, those of the table that the argument is named for first; else something plain."""
        if argument.labels:
            yield argument.labels[0]
            return
        if argument.type == "uuid" or argument.category == "N":
            found = []
            for (oid, side), rows in world.rows.items():
                relation = self._catalog.relations[oid]
                if side != reach or not rows or not relation.keys or len(relation.keys[0]) != 1:
                    continue
                value = rows[0].get(relation.keys[0][0])
                column = relation.column(relation.keys[0][0])
                if (
                    value is not None
                    and (column.type == "uuid") == (argument.type == "uuid")
                    and column.category in "NU"
                ):
                    found.append((_likeness(argument.name, relation.name), value))
            found.sort(key=lambda pair: -pair[0])
            yield from dict.fromkeys(value for _, value in found)
            if not found:
                yield "1" if argument.category == "N" else None
        elif argument.category == "B":
            yield "true"
        elif argument.category == "S":
            yield world.keys[reach]
            yield "x"
        elif argument.category == "A":
            yield f"{{{world.keys[reach]}}}" if argument.type in ("uuid[]", "text[]") else "{}"
        elif argument.type in ("json", "jsonb"):
            yield f'{{"event_id": "{world.keys[reach]}", "user_id": "{next(iter(world.users.values()))}"}}'
        else:
            yield PLAIN.get(argument.type)

    def _watch(self, world: World, tables: Sequence[Relation]) -> str:
        """One query over what belongs to the other event: its canary rows, and whatever is stamped with it."""
        parts = []
        for relation in tables:
            stamp = self._tenancy.of(relation).path[:1]
            direct = bool(stamp) and stamp[0].target == self._tenancy.root.oid
            rows = world.of(relation, "other")
            where = is_any_of(relation, rows)
            if direct:
                where = f"({where} or {quoted(stamp[0].columns[0])} = {literal(world.keys['other'])})"
            parts.append(f"select (t.*)::text as row from {name_of(relation)} as t where {where}")
        return (
            f"select md5(coalesce(string_agg(row, '|' order by row), '')) from ({' union all '.join(parts)}) as all_of"
        )


def _likeness(argument: str, table: str) -> int:
    """How much of a table's name, singular or plural, an argument's name has: `p_enrollment_id`, `enrollments`."""
    words = set(re.split(r"[^a-z]+", argument.lower()))
    singular = {word.removesuffix("s") for word in re.split(r"[^a-z]+", table.lower())}
    return len(singular & {word.removesuffix("s") for word in words if len(word) > 1})


def _with(cell: Cell, control: str) -> Cell:
    return Cell(cell.relation, cell.persona, cell.command, cell.reach, cell.kind, cell.reason, control, cell.probes)
