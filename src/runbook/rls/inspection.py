"""What there is to be proved: the catalogue, the tenancy in it, and who tries. Read once, by one process."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from runbook.errors import Unverified
from runbook.rls.catalog import Relation
from runbook.rls.endings import endings
from runbook.rls.functions import Functions
from runbook.rls.personas import becoming, personas
from runbook.rls.probe import Prober
from runbook.rls.reader import Reader
from runbook.rls.session import Session
from runbook.rls.snapshot import snapshot
from runbook.rls.tenancy import infer
from runbook.rls.values import choices
from runbook.rls.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.database.connection import Database
    from runbook.rls.catalog import Catalog, Function
    from runbook.rls.cells import Cell
    from runbook.rls.personas import Persona
    from runbook.rls.tenancy import Tenancy
    from runbook.settings import Settings

MOST_ROLES = 6
NICE_RATIO = 9.0
"""Where nothing may be written: probes fill a tenth of the time, and others on the same two processors keep nine tenths
of theirs (`python -m benchmarks.rls --neighbour`)."""


@dataclass(frozen=True)
class Inspection:
    """The population of the RLS checks."""

    catalog: Catalog
    tenancy: Tenancy
    personas: tuple[Persona, ...]

    @property
    def items(self) -> tuple[Relation | Function, ...]:
        """Everything that is probed, by name."""
        return (*self.catalog.exposed, *self.catalog.functions)

    def packed(self) -> bytes:
        """For handing it to the workers of this run, which run the same code."""
        return zlib.compress(pickle.dumps(self), level=1)


def unpacked(data: bytes) -> Inspection:
    """What `packed` made."""
    found: Inspection = pickle.loads(zlib.decompress(data))
    return found


def inspect(database: Database, settings: Settings) -> Inspection:
    """Read the catalogue. Raises Unverified when it cannot be read, is empty, or has not what the settings name."""
    catalog = snapshot(database, settings)
    if not catalog.exposed:
        raise Unverified(f"nothing is exposed in {', '.join(settings.database.exposed_schemas)}: nothing to prove")
    tenancy = infer(catalog, settings)
    people = personas(settings, _roles(database, tenancy), may_end=bool(endings(tenancy.membership)[1]))
    _played(database, settings, people)
    return Inspection(catalog, tenancy, people)


def _played(database: Database, settings: Settings, people: Sequence[Persona]) -> None:
    """Raises Unverified when the login may not act as them: later, that would look like a table's refusal."""
    nobody = World({"own": "", "other": ""}, {})
    with database.transaction(read_only=True) as cursor:
        session = Session(cursor)
        for persona in people:
            session.ask("savepoint persona")
            reply = session.ask(becoming(settings, persona, nobody, persona.contexts[0]))
            session.ask("rollback to savepoint persona")
            if reply.sqlstate == "42501":
                login = session.ask("select quote_ident(current_user)").value
                raise Unverified(
                    f"the login of database.dsn may not act as {persona.role}: grant {persona.role} to {login}"
                )
            if not reply.ok:
                raise Unverified(f"nobody can be acted as: the server answered {reply.sqlstate}; see rls.context")


def _roles(database: Database, tenancy: Tenancy) -> Sequence[str | None]:
    """The membership roles that there may be: those that the column allows, else those that are there."""
    if tenancy.member_role is None:
        return [None]
    allowed = choices(tenancy.membership, tenancy.membership.column(tenancy.member_role))
    if allowed:
        return allowed[:MOST_ROLES]
    found = database.read(
        SQL(
            "select {role}::text from {table} where {role} is not null group by 1 order by count(*) desc, 1 limit %s"
        ).format(
            role=Identifier(tenancy.member_role), table=Identifier(tenancy.membership.schema, tenancy.membership.name)
        ),
        [MOST_ROLES],
    )
    return [str(role) for [role] in found] or [None]


class Probing:
    """Probes what it is asked for, once; between two items it leaves the server to others, as the settings say."""

    def __init__(self, database: Database, settings: Settings, inspection: Inspection, *, keep: bool = False) -> None:
        catalog, tenancy, people = inspection.catalog, inspection.tenancy, inspection.personas
        # What a target of ours can be given, a live one is only asked for.
        witness = settings.rls.witness or ("canary" if settings.writes else "touchless")
        relations = Prober if witness == "canary" else Reader
        self._relations = relations(database, settings, catalog, tenancy, people, keep=keep)
        self._functions = Functions(database, settings, catalog, tenancy, people, canaries=witness == "canary")
        self._found: dict[str, tuple[Cell, ...]] = {}
        ratio = settings.rls.nice_ratio
        self._nice_ratio = (0 if settings.writes else NICE_RATIO) if ratio is None else ratio
        self._rests_until = 0.0

    def cells(self, item: Relation | Function) -> tuple[Cell, ...]:
        """Every cell of a relation or a function."""
        name = str(item)
        if name not in self._found:
            started = self._rested()
            found = self._relations.probe(item) if isinstance(item, Relation) else self._functions.probe(item)
            self._found[name] = tuple(found)
            ended = monotonic()
            self._rests_until = ended + (ended - started) * self._nice_ratio
        return self._found[name]

    def _rested(self) -> float:
        """The time, once the pause after the last item is over: no transaction is open in it, no lock is held."""
        sleep(max(0.0, self._rests_until - monotonic()))
        return monotonic()
