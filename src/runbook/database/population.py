"""What there is to be checked in the database: read once by the controller, sorted, frozen, with a digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.settings import Settings


@dataclass(frozen=True, slots=True)
class ExposedTable:
    """A table of an exposed schema, partitioned ones and partitions included."""

    name: str
    rls: bool
    policies: int
    declared_public: bool

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Population:
    """Every table of the exposed schemas, or why it could not be read."""

    tables: tuple[ExposedTable, ...]
    unread: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over what was there."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        """For handing it to workers."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Population:
        """What `to_json` wrote."""
        document = json.loads(text)
        return cls(tuple(ExposedTable(**table) for table in document["tables"]), document["unread"])


def introspect(database: Database, settings: Settings) -> Population:
    """Read the population in one query. Raises Unverified when it cannot be read or is empty."""
    public = {str(table) for table in settings.database.public_tables}
    rows = database.read(
        "select n.nspname || '.' || c.relname, c.relrowsecurity,"
        " (select count(*) from pg_policy as p where p.polrelid = c.oid)"
        " from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p') order by n.nspname, c.relname",
        [list(settings.database.exposed_schemas)],
    )
    return Population(
        tuple(
            ExposedTable(name=str(name), rls=bool(rls), policies=int(str(count)), declared_public=str(name) in public)
            for name, rls, count in rows
        ),
        unread=None if rows else f"no table in the exposed schemas ({', '.join(settings.database.exposed_schemas)})",
    )
