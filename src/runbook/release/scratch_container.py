"""An empty PostgreSQL in a container, of the live server's own version, for as long as it is looked at."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runbook.errors import TargetError, Unverified
from runbook.release.scratch import SETTINGS, START_SECONDS, Scratch
from runbook.release.supabase import SUPERUSER
from runbook.targets.engine import Engine

if TYPE_CHECKING:
    import psycopg

PORT = 5432


class Contained(Scratch):
    """The server, by its port on this machine. Everybody connects as the superuser and becomes somebody: roles that
    scripts make have no passwords."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._password = password

    def dsn(self, role: str) -> str:
        """What a role connects with."""
        login = f"postgresql://{SUPERUSER}:{self._password}@127.0.0.1:{self._port}/postgres"
        return login if role == SUPERUSER else f"{login}?options=-c%20role%3D{role}"

    @contextmanager
    def connected(self, role: str, seconds: float) -> Iterator[psycopg.Connection]:
        """A connection that commits each statement, each of which may take so long."""
        from psycopg.sql import SQL, Identifier

        with super().connected(SUPERUSER, seconds) as connection:
            connection.execute(SQL("set session authorization {}").format(Identifier(role)))
            yield connection


@contextmanager
def contained(image: str, address: str | None) -> Iterator[Contained]:
    """A new server with an empty database `postgres`. Raises Unverified when it cannot be had."""
    from testcontainers.core.container import DockerContainer

    password = secrets.token_urlsafe(24)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    scratch = Contained(port, password)
    settings = {name: value for name, value in SETTINGS.items() if name != "listen_addresses"}
    try:
        engine = Engine(f"scratch-{secrets.token_hex(4)}", address)
    except TargetError as error:
        raise Unverified(str(error)) from None
    try:
        container = DockerContainer(image).with_envs(POSTGRES_USER=SUPERUSER, POSTGRES_PASSWORD=password)
        container.with_env("POSTGRES_DB", "postgres")
        container.with_command(["postgres", *(word for pair in settings.items() for word in ("-c", "=".join(pair)))])
        begun = engine.begin(container, "scratch", {PORT: port}, stop_signal="SIGINT")
        engine.wait(begun, image, lambda: _answers(scratch), START_SECONDS)
        yield scratch
    except TargetError as error:
        raise Unverified(str(error)) from None
    finally:
        engine.close()


def _answers(scratch: Scratch) -> bool:
    import psycopg

    try:
        psycopg.connect(scratch.dsn(SUPERUSER), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
