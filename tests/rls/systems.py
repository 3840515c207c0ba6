"""Databases for these tests: copies of the reference database, schemas of a test's own, and tries at their tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from runbook.database.connection import Database
from runbook.rls.catalog import Catalog, Function, Relation
from runbook.rls.cells import Cell
from runbook.rls.inspection import Inspection, Probing, inspect
from runbook.rls.session import Reply, Session, joined
from runbook.rls.snapshot import snapshot
from runbook.rls.tenancy import Tenancy, infer
from runbook.settings import Settings
from runbook.settings_values import Relation as Name
from stack.postgres import Server

Make = Callable[..., "System"]
"""Makes a system: the SQL that changes it, and what its settings say of row-level security."""

APP = """
create schema app;
grant usage on schema app to anon, authenticated, service_role;
create table app.people (id uuid primary key);
create table app.events (id uuid primary key, title text);
create table app.members (
    event_id uuid not null references app.events,
    user_id uuid not null references app.people,
    role text not null check (role in ('lead', 'guest')),
    primary key (event_id, user_id)
);
"""
"""The least that events, people and memberships are."""


@dataclass(frozen=True)
class System:
    """A database, and how the engine is told of it."""

    server: Server
    name: str
    settings: Settings
    database: Database

    def run(self, sql: str, *, role: str = "postgres") -> None:
        """Change the database for good. The search path begins with the schema `app`, where there is one."""
        with psycopg.connect(self.server.dsn(role, self.name), options="-c search_path=app,public") as connection:
            connection.execute(sql.encode())

    def catalog(self) -> Catalog:
        """The catalogue as it is now."""
        return snapshot(self.database, self.settings)

    def tenancy(self) -> Tenancy:
        """What is inferred of it now."""
        return infer(self.catalog(), self.settings)

    def inspection(self) -> Inspection:
        """The whole population as it is now."""
        return inspect(self.database, self.settings)

    def probed(self, name: str) -> tuple[Inspection, Relation | Function, tuple[Cell, ...]]:
        """What there is, the relation or function of this name in it, and every cell of that."""
        inspection = self.inspection()
        [item] = [item for item in inspection.items if str(item).partition("(")[0] == name]
        return inspection, item, Probing(self.database, self.settings, inspection).cells(item)


def told(settings: Settings, *, tenancy: str, database: dict[str, Any], rls: dict[str, Any]) -> Settings:
    """Settings with other values; the tables of events and members are in the schema `tenancy`."""
    names = (settings.tenancy.root, settings.tenancy.membership.table)
    if tenancy != "public":
        names = (Name.model_validate(f"{tenancy}.events"), Name.model_validate(f"{tenancy}.members"))
    member = settings.tenancy.membership.model_copy(update={"table": names[1]})
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update=database),
            "tenancy": settings.tenancy.model_copy(update={"root": names[0], "membership": member}),
            "rls": settings.rls.model_copy(update=rls),
        }
    )


class Lab:
    """Tables of a test's own in a transaction that is rolled back, and tries at them by somebody whom policies bind."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.make("create schema lab; grant usage on schema lab to authenticated; set local search_path = lab")

    def make(self, sql: str) -> None:
        """Run statements as the superuser, for the rest of the test."""
        reply = self._session.ask(sql)
        assert reply.ok, f"{reply.sqlstate} in {reply.function}: {sql}"

    def table(self, columns: str, *rows: str, policies: str = "", name: str = "t") -> None:
        """A table with RLS on that everybody has every privilege on, but that only its policies open."""
        self.make(f"create table {name} ({columns})")
        for row in rows:
            self.make(f"insert into {name} values {row}")
        self.make(f"grant all on {name} to authenticated; alter table {name} enable row level security")
        if policies:
            self.make(policies)

    def tries(self, sql: str, *, role: str = "authenticated") -> Reply:
        """The answer to what somebody tries; undone at once."""
        self.make("savepoint try")
        reply = self._session.ask(joined(["set local row_security = on", f"set local role {role}", sql]))
        self.make("rollback to savepoint try; release savepoint try")
        return reply

    def value(self, sql: str) -> str | None:
        """The first value of a query of the superuser's."""
        return self._session.ask(sql).value
