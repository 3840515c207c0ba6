"""PostgreSQL in a container: from the official image, Supabase's, or one that is told in the same way."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from stack.postgres import ADMIN, LOGINS, SETTINGS, copy
from stack.processes import DATABASE
from stack.state import StackError

if TYPE_CHECKING:
    from runbook.targets.engine import Engine

NEWER = frozenset({"scram_iterations"})
"""Settings that PostgreSQL has had since 16, and nothing needs."""


class Database:
    """One PostgreSQL of its own; `build` once it is `ready`."""

    def __init__(self, engine: Engine, image: str, port: int) -> None:
        """Begin it, published on that port of 127.0.0.1. Raises TargetError."""
        # Not the library's own class for it: that one looks once a second, by a program in the container, and does not
        # notice when that has ended.
        from testcontainers.core.container import DockerContainer

        self._passwords = {role: secrets.token_urlsafe(24) for role in (ADMIN, *LOGINS)}
        self.listens = f"127.0.0.1:{port}"
        container = DockerContainer(image).with_envs(
            POSTGRES_USER=ADMIN,
            POSTGRES_PASSWORD=self._passwords[ADMIN],
            POSTGRES_DB="postgres",
            POSTGRES_INITDB_ARGS="--no-sync",
        )
        settings = [word for name, value in SETTINGS.items() if name not in NEWER for word in ("-c", f"{name}={value}")]
        container.with_command(["postgres", *settings])
        self.container = engine.begin(container, DATABASE, {5432: port}, stop_signal="SIGINT")

    def ready(self) -> bool:
        """Whether it lets somebody in."""
        import psycopg

        try:
            psycopg.connect(self.dsn(ADMIN), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def dsn(self, role: str, database: str = "postgres", address: str | None = None) -> str:
        """What this role connects with, from this machine or where it has another address: its password is in it."""
        return f"postgresql://{role}:{self._passwords[role]}@{address or self.listens}/{quote(database, safe='')}"

    def build(self, encrypted_password: str, defect: Path | None = None) -> None:
        """Roles, schemas, migrations, seed, and what the defect's SQL file plants. Raises StackError."""
        import psycopg

        from stack.database import build

        try:
            passwords = {role: self._passwords[role] for role in LOGINS}
            build.whole(self.dsn(ADMIN), self.dsn("postgres"), passwords, encrypted_password, defect)
        except psycopg.Error as error:
            raise StackError(f"the database could not be built: {str(error).partition(chr(10))[0]}") from error

    def clone(self, name: str) -> None:
        """Make the database of this name anew as a copy of `postgres`, to which nobody may be connected."""
        copy(self.dsn(ADMIN, "template1"), name, "postgres")
