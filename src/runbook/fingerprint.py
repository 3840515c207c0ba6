"""What a verdict is bound to: this target, in this state. Read again, it says whether a verdict still speaks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from runbook.api.client import Client
from runbook.database.connection import Database
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.release.deployed import commit_of
from runbook.rls.catalog import digest_of
from runbook.rls.snapshot import state

if TYPE_CHECKING:
    from runbook.settings import Settings

PARTS = ("commit", "migration", "policies", "system", "api")
RETRY_SECONDS = 3
"""An API that is down is for the checks to wait for and to tell of."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`known`, by part: the deployed commit, the newest migration, the digest of policies, grants, roles, functions and
    relations, the database's system identifier with its name, and the API's address. `unknown`: why a part is not.
    """

    known: Mapping[str, str]
    unknown: Mapping[str, str]

    def differs_from(self, other: Mapping[str, object]) -> list[str]:
        """What is not the same in another fingerprint's known parts, or known on one side alone; in words."""
        return [
            f"{part} was {other.get(part, 'not known')}, and is {self.known.get(part, 'not known')}"
            for part in PARTS
            if self.known.get(part) != other.get(part)
        ]


def take(settings: Settings) -> Fingerprint:
    """Read it off the target. Never raises: what cannot be read is unknown, with the reason."""
    database = Database(settings, Journal())
    hurried = settings.timeouts.model_copy(update={"retry": min(settings.timeouts.retry, RETRY_SECONDS)})
    client = Client(settings.api, hurried, Journal())
    ways: dict[str, Callable[[], str]] = {
        "commit": lambda: commit_of(client, settings.release),
        "migration": lambda: _migration(database, settings),
        "policies": lambda: digest_of(state(database, settings)),
        "system": lambda: _system(database),
        "api": lambda: settings.api.base_url,
    }
    known: dict[str, str] = {}
    unknown: dict[str, str] = {}
    try:
        for part, way in ways.items():
            try:
                known[part] = way()
            except Unverified as error:
                unknown[part] = str(error)
    finally:
        client.close()
        database.close()
    return Fingerprint(known, unknown)


def _migration(database: Database, settings: Settings) -> str:
    table = settings.release.migrations
    [[newest]] = database.read(
        SQL("select max({column})::text from {table}").format(
            column=Identifier(settings.release.migration), table=Identifier(table.schema_name, table.name)
        )
    )
    if newest is None:
        raise Unverified(f"{table} holds no migration")
    return str(newest)


def _system(database: Database) -> str:
    [[identifier, name]] = database.read("select system_identifier::text, current_database() from pg_control_system()")
    return f"{identifier}/{name}"
