"""Builds the database: the bootstrap as supabase_admin, then the migrations and the seed as postgres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from stack.state import DEADLINE

HERE = Path(__file__).parent

# As the Supabase CLI makes it.
HISTORY = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key, statements text[], name text
);
"""

# What sign-in reads of a person; Supabase Auth's own migrations, which its image has not run, add and fill it.
OF_A_PERSON = """
alter table auth.users add column if not exists banned_until timestamptz;
alter table auth.users alter aud set default 'authenticated', alter role set default 'authenticated';
alter table auth.users alter created_at set default now();
"""
THERE = {"42710", "42723", "42P06", "42P07"}
"""A role, a function, a schema or a table is there already."""


class ScriptError(psycopg.Error):
    """What the server answered to a script that it refused, with the script's name."""


def whole(
    admin: str, owner: str, passwords: Mapping[str, str], encrypted_password: str, defect: Path | None = None
) -> None:
    """All of it, and what the defect's file plants where that is SQL. DSNs: supabase_admin's and postgres's.

    Raises psycopg.Error.
    """
    bootstrap(admin, passwords)
    migrate(owner)
    seed(owner, encrypted_password)
    if defect is not None and defect.suffix == ".sql":
        apply(admin, defect)


def bootstrap(dsn: str, passwords: Mapping[str, str]) -> None:
    """Make the roles (`passwords` is by role), schema auth and the default privileges; where Supabase has made them
    already, add what is missing. DSN: supabase_admin's."""
    with _connected(dsn) as connection:
        made = connection.execute("select from pg_roles where rolname = 'anon'").rowcount > 0
        for script in sorted(HERE.glob("[0-9]*.sql")):
            if made:
                _complete(connection, script)
            else:
                _run(connection, script)
        if made:
            connection.execute(OF_A_PERSON)
        for role, password in passwords.items():
            # Only the SCRAM verifier travels, so no log can show a password.
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            connection.execute(
                SQL("alter role {} password {}").format(Identifier(role), Literal(verifier.decode())),
            )


def migrate(dsn: str) -> list[str]:
    """Apply the migrations that are not recorded, each whole or not at all; returns their versions. DSN: postgres's."""
    applied = []
    with _connected(dsn) as connection:
        connection.execute(HISTORY)
        recorded = {row[0] for row in connection.execute("select version from supabase_migrations.schema_migrations")}
        for script in sorted((HERE / "migrations").glob("*.sql")):
            version, _, name = script.stem.partition("_")
            if version in recorded:
                continue
            with connection.transaction():
                _run(connection, script)
                connection.execute(
                    "insert into supabase_migrations.schema_migrations (version, statements, name) values (%s, %s, %s)",
                    (version, [script.read_text(encoding="utf-8")], name),
                )
            applied.append(version)
    return applied


def seed(dsn: str, encrypted_password: str) -> None:
    """Put in two events and their people, all with the one password of this hash. DSN: postgres's."""
    with _connected(dsn) as connection, connection.transaction():
        connection.execute("select set_config('stack.encrypted_password', %s, true)", (encrypted_password,))
        _run(connection, HERE / "seed.sql")


def apply(dsn: str, script: Path) -> None:
    """Run one SQL file in one transaction: a planted defect, as supabase_admin."""
    with _connected(dsn) as connection, connection.transaction():
        _run(connection, script)


@contextmanager
def _connected(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        dsn,
        autocommit=True,
        connect_timeout=round(DEADLINE),
        options=f"-c statement_timeout={DEADLINE:.0f}s -c client_min_messages=warning",
    ) as connection:
        yield connection


def _complete(connection: psycopg.Connection, script: Path) -> None:
    """Run the file statement by statement: what is there stays as it is."""
    from pglast import split

    for statement in split(script.read_text(encoding="utf-8")):
        try:
            connection.execute(str(statement).encode())
        except psycopg.Error as error:
            if error.sqlstate not in THERE:
                raise ScriptError(f"{script.name}: {error.diag.message_primary or error}") from error


def _run(connection: psycopg.Connection, script: Path) -> None:
    """Run the file as it is: sent without parameters, psycopg leaves its statements and percent signs alone."""
    try:
        connection.execute(script.read_bytes())
    except psycopg.Error as error:
        raise ScriptError(f"{script.name}: {error.diag.message_primary or error}") from error
