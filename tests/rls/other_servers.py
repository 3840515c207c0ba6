"""Servers that the wheel does not bring, from Debian's packages: PostgreSQL 15, and PgBouncer before any server."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from stack.database import build
from stack.postgres import ADMIN, LOGINS, SYSTEM_USER, Server

PROGRAMS_15 = Path("/usr/lib/postgresql/15/bin")
PGBOUNCER = shutil.which("pgbouncer")
SECONDS = 30.0
POOL = 2

LATER_THAN_15 = """
create function pg_catalog.pg_input_is_valid(value text, type text) returns boolean language plpgsql stable as $$
begin
    execute format('select %L::%s', value, type);
    return true;
exception when others then
    return false;
end
$$
"""
"""What the reference system's migrations take for granted, and came with 16."""


@dataclass(frozen=True)
class OldServer:
    """A PostgreSQL 15 with the built database in `postgres`."""

    folder: Path
    passwords: Mapping[str, str]

    def dsn(self, role: str, database: str = "postgres") -> str:
        """What a role connects with."""
        where = quote(str(self.folder), safe="")
        return f"postgresql://{role}:{self.passwords[role]}@/{quote(database, safe='')}?host={where}"

    def clone(self, name: str) -> None:
        """Make a database as a copy of the built one."""
        with psycopg.connect(self.dsn(ADMIN, "template1"), autocommit=True) as connection:
            connection.execute(f"create database {name} template postgres owner postgres".encode())


def system_user() -> str | None:
    """Whom servers run as where we are root, for neither of them does as root; None for ourselves.

    The stack makes the one user, and the packages the other.
    """
    if os.geteuid() != 0:
        return None
    return SYSTEM_USER if SYSTEM_USER in (found.pw_name for found in pwd.getpwall()) else "postgres"


def give(path: Path, user: str | None) -> None:
    """Make a file or folder the user's."""
    if user is not None:
        shutil.chown(path, user)


@contextmanager
def folder_of(user: str | None) -> Iterator[Path]:
    """A folder that nobody but this user and root may enter; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="other-"))
    give(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(command: Sequence[str | Path], user: str | None, folder: Path, dsn: str) -> Iterator[None]:
    """A server that answers; ended with the block."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                psycopg.connect(dsn, connect_timeout=2).close()
                break
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


@contextmanager
def postgresql_15(encrypted_password: str = "") -> Iterator[OldServer]:
    """A server with the reference database, of its own."""
    user = system_user()
    with folder_of(user) as folder:
        server = OldServer(folder, {role: secrets.token_urlsafe(24) for role in (ADMIN, *LOGINS)})
        password = folder / "password"
        password.touch(mode=0o600)
        password.write_text(server.passwords[ADMIN], encoding="ascii")
        give(password, user)
        initdb: list[str | Path] = [PROGRAMS_15 / "initdb", "-D", folder / "data", "--no-sync", "--username", ADMIN]
        initdb += ["--auth=scram-sha-256", "--pwfile", password, "--encoding=UTF8", "--locale=C"]
        subprocess.run(initdb, user=user, cwd=folder, check=True, capture_output=True, timeout=SECONDS)
        command: list[str | Path] = [PROGRAMS_15 / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-F"]
        with started(command, user, folder, server.dsn(ADMIN)):
            build.bootstrap(server.dsn(ADMIN), {role: server.passwords[role] for role in LOGINS})
            with psycopg.connect(server.dsn(ADMIN), autocommit=True) as connection:
                connection.execute(LATER_THAN_15.encode())
            build.migrate(server.dsn("postgres"))
            build.seed(server.dsn("postgres"), encrypted_password)
            yield server


@dataclass(frozen=True)
class Pooler:
    """A PgBouncer in transaction mode, before a server."""

    folder: Path

    def dsn(self, role: str, database: str) -> str:
        """What a role connects with; whoever may enter the folder is trusted."""
        return f"postgresql://{role}@/{quote(database, safe='')}?host={quote(str(self.folder), safe='')}&port=6432"


@contextmanager
def pooler(server: Server, database: str) -> Iterator[Pooler]:
    """Two server connections a pool, and nothing reset between two clients."""
    user = system_user()
    assert PGBOUNCER is not None
    with folder_of(user) as folder:
        there = {role: conninfo_to_dict(server.dsn(role, database)) for role in (ADMIN, "postgres")}
        people = folder / "users"
        people.touch(mode=0o600)
        people.write_text("".join(f'"{role}" "{of["password"]}"\n' for role, of in there.items()), encoding="ascii")
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={there[ADMIN]['host']}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n"
            f"unix_socket_dir = {folder}\nauth_type = trust\nauth_file = {people}\npool_mode = transaction\n"
            f"default_pool_size = {POOL}\nserver_reset_query =\nserver_reset_query_always = 0\n",
            encoding="utf-8",
        )
        for path in (people, folder / "pgbouncer.ini"):
            give(path, user)
        found = Pooler(folder)
        with started([PGBOUNCER, folder / "pgbouncer.ini"], user, folder, found.dsn("postgres", database)):
            yield found
