"""Whether everything that a settings file points to is there: looked at one by one, before a run needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from runbook.admin import browser
from runbook.api import tokens
from runbook.api.client import Client
from runbook.database import audit, people, population
from runbook.database.connection import Database
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.waivers import known_names

if TYPE_CHECKING:
    from runbook.settings import Settings


class Finding(NamedTuple):
    """One thing that the settings point to."""

    subject: str
    sound: bool
    text: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at the API, each persona, the Admin, its browser and the database."""
    journal = Journal()
    client = Client(settings.api, settings.timeouts, journal)
    database = Database(settings, journal)
    try:
        yield _try("api.base_url", lambda: _api(client, settings))
        for name in settings.personas:
            yield _try(f"personas.{name}", partial(_persona, name, client, database, settings))
        if settings.admin is not None:
            address = settings.admin.url + settings.admin.events_page
            yield _try("admin.url", lambda: f"answers {client.send('GET', address).status}")
            named = settings.admin.browser
            yield _try("admin.browser", lambda: browser.executable(named) or "Playwright's own")
        yield _try("database.exposed_schemas", lambda: _tables(database, settings))
        yield _try("tenancy.root", lambda: _root(database, settings))
        yield _try("audit", lambda: _audit(database, settings))
        if settings.out_of_scope:
            yield _try("out_of_scope", lambda: _out_of_scope(settings))
    finally:
        client.close()
        database.close()


def _try(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, look())
    except Unverified as error:
        return Finding(subject, False, str(error))


def _out_of_scope(settings: Settings) -> str:
    known = known_names()
    unknown = [entry.check for entry in settings.out_of_scope if entry.check.partition("[")[0] not in known]
    if unknown:
        raise Unverified(f"names {', '.join(unknown)}, which is neither a check nor a clause")
    return f"{len(settings.out_of_scope)} entries"


def _api(client: Client, settings: Settings) -> str:
    answer = client.get(settings.api.basic_endpoint)
    return f"answers {answer.status} {answer.code or ''} without a token"


def _persona(name: str, client: Client, database: Database, settings: Settings) -> str:
    token = tokens.token_of(name, settings.personas[name], settings.auth, client)
    subject = str(tokens.claims_in(token).get("sub", ""))
    return f"signs in, and belongs to {len(people.events_of(database, settings.tenancy, subject))} events"


def _tables(database: Database, settings: Settings) -> str:
    found = population.introspect(database, settings)
    if found.unread:
        raise Unverified(found.unread)
    missing = {str(table) for table in settings.database.public_tables} - {table.name for table in found.tables}
    if missing:
        raise Unverified(f"database.public_tables names {', '.join(sorted(missing))}, which is not there")
    return f"{len(found.tables)} tables"


def _root(database: Database, settings: Settings) -> str:
    people.foreign_event(database, settings.tenancy, ())
    return f"{settings.tenancy.root} holds events"


def _audit(database: Database, settings: Settings) -> str:
    found = audit.trail(database, settings.audit)
    return f"{found.decisions} decisions, {found.entries} entries"
