"""The schema that a commit's migrations make in an empty database, and how the target's differs from it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.release import processes
from runbook.release.description import KINDS, Description, describe
from runbook.release.migrations import upward
from runbook.release.scratch import Scratch, server
from runbook.release.supabase import PROJECT, SUPERUSER

if TYPE_CHECKING:
    import psycopg

    from runbook.database.connection import Database
    from runbook.release.git import Repository
    from runbook.release.migrations import Migration
    from runbook.settings import Settings
    from runbook.settings_release import Source

_EXTENSION = re.compile(
    r"create\s+extension\s+(?:if\s+not\s+exists\s+)?\"?([\w-]+)\"?[^;]*;|comment\s+on\s+extension\s+\"?([\w-]+)\"?[^;]*;",
    re.I,
)
_CONCURRENTLY = re.compile(r"(create\s+(?:unique\s+)?index|drop\s+index)\s+concurrently", re.I)
ACTIVE_TRANSACTION = "25001"
OWN_SCHEMAS = "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
OWN_ROLES = "select rolname from pg_roles where rolname !~ '^pg_'"


@dataclass(frozen=True, slots=True)
class Compared:
    """Both schemas in words; the extensions that an empty database does not have here and went without."""

    wanted: Description
    found: Description
    without: tuple[str, ...]

    @property
    def alike(self) -> bool:
        """Whether both servers are of one major version; otherwise definitions of views and rules are not compared."""
        return self.wanted.major == self.found.major

    def difference(self, kind: str) -> list[str]:
        """The lines of a kind that differ: `-` is of the migrations alone, `+` of the target alone."""
        wanted, found = self.wanted.lines[kind], self.found.lines[kind]
        missing, more = sorted(set(wanted).difference(found)), sorted(set(found).difference(wanted))
        return [*(f"- {line}" for line in missing), *(f"+ {line}" for line in more)]

    def page(self, target: str, commit: str) -> str:
        """All of it as a unified diff; empty where nothing differs."""
        wanted, found = ([line for kind in KINDS for line in side.lines[kind]] for side in (self.wanted, self.found))
        names = (
            f"migrations of {commit}, PostgreSQL {self.wanted.major}",
            f"{target}, PostgreSQL {self.found.major}{'' if self.alike else ': views and rules are not compared'}",
        )
        return "".join(f"{line}\n" for line in difflib.unified_diff(wanted, found, *names, n=0, lineterm=""))


def compare(
    database: Database, settings: Settings, repository: Repository, commit: str, ordered: Sequence[Migration]
) -> Compared:
    """Apply the migrations to an empty database and describe both. Raises Unverified when either cannot be done."""
    source = settings.release.source
    if source is None:
        raise Unverified("release.source is not in the settings, so nothing says which migrations there should be")
    if source.format == "alembic" and not source.apply:
        raise Unverified("release.source.apply names no command, and only Alembic itself applies its migrations")
    with database.transaction(read_only=True) as cursor:
        theirs = cursor.connection.info.server_version
    with empty(source) as scratch:
        before, without = _build(scratch, source, repository, commit, ordered)
        with scratch.connected(SUPERUSER, source.apply_within) as connection, connection.transaction():
            made = set(_column(connection, OWN_SCHEMAS)).difference(before, [settings.release.migrations.schema_name])
            asked = sorted(made.union(settings.database.exposed_schemas))
            history = str(settings.release.migrations)
            roles = _column(connection, OWN_ROLES)
            alike = connection.info.server_version // 10000 == theirs // 10000
            wanted = describe(connection.cursor(), asked, history, roles, alike=alike)
    if not wanted.lines["relations"]:
        raise Unverified(f"the migrations of {commit[:12]} make nothing in {', '.join(asked)}")
    with database.transaction(read_only=True) as cursor:
        found = describe(cursor, asked, history, roles, alike=alike)
    return Compared(wanted, found, without)


def empty(source: Source) -> AbstractContextManager[Scratch]:
    """An empty PostgreSQL: the suite's own, or from the image that the settings name. Raises Unverified."""
    if source.database is None:
        return server()
    from runbook.release.scratch_container import contained

    return contained(source.database, source.engine)


def _build(
    scratch: Scratch, source: Source, repository: Repository, commit: str, ordered: Sequence[Migration]
) -> tuple[list[str], tuple[str, ...]]:
    """Prepare and migrate; the schemas that there were before, and the extensions that it went without."""
    with scratch.connected(SUPERUSER, source.apply_within) as connection:
        if source.format == "supabase":
            connection.execute(PROJECT.encode())
        for path in source.prepare:
            _execute(connection, path, repository.content(commit, path).decode("utf-8"))
        _make_role(connection, source.applied_by)
        before = _column(connection, OWN_SCHEMAS)
        available = set(_column(connection, "select name from pg_available_extensions"))
    if source.apply:
        with processes.folder() as home:
            repository.check_out(commit, home / "code")
            _run(source, scratch, home / "code")
        return before, ()
    missing: set[str] = set()

    def without(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name in available:
            return found[0]
        missing.add(name)
        return ""

    with scratch.connected(source.applied_by, source.apply_within) as connection:
        texts = repository.contents(migration.file for migration in ordered)
        for migration, text in zip(ordered, texts, strict=True):
            _execute(connection, migration.file.path, _EXTENSION.sub(without, upward(text.decode("utf-8"))))
    return before, tuple(sorted(missing))


def _execute(connection: psycopg.Connection, path: str, script: str) -> None:
    """A file as it is, whole or not at all. What may stand in no transaction is made inside one: nobody else is here.

    The server's words about it are of the repository's text, not of the target.
    """
    import psycopg

    try:
        connection.execute("reset all")  # a dump leaves an empty search path behind
        try:
            connection.execute(script.encode())
        except psycopg.Error as error:
            if error.sqlstate != ACTIVE_TRANSACTION:
                raise
            connection.execute(_CONCURRENTLY.sub(r"\1", script).encode())
    except psycopg.Error as error:
        told = error.diag.message_primary or type(error).__name__
        hint = "; what it needs may be made by release.source.prepare"
        raise Unverified(f"{path} cannot be applied to an empty database: {told}{hint}") from None


def _run(source: Source, scratch: Scratch, code: Path) -> None:
    more: Mapping[str, str] = {"DATABASE_URL": scratch.dsn(source.applied_by)}
    ran = processes.run(source.apply, code, source.apply_within, more)
    if ran.code != 0:
        ended = f"did not end within {source.apply_within:g} s" if ran.code is None else f"ended with {ran.code}"
        last = (ran.output.strip().splitlines() or ["it printed nothing"])[-1]
        raise Unverified(f"release.source.apply {ended} on an empty database: {last}")


def _make_role(connection: psycopg.Connection, role: str) -> None:
    """Who applies the migrations: as it was prepared, else almighty."""
    from psycopg.sql import SQL, Identifier

    if role not in _column(connection, OWN_ROLES):
        connection.execute(SQL("create role {} login superuser").format(Identifier(role)))


def _column(connection: psycopg.Connection, query: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(query.encode())]
