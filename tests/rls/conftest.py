"""One PostgreSQL for these tests, copies of its database, and a transaction to try things in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg
import pytest
from pydantic import SecretStr

from runbook.database.connection import Database
from runbook.evidence.journal import Journal
from runbook.rls.session import Session
from runbook.settings import Settings
from runbook.settings_file import load
from stack.postgres import ADMIN, Server, running
from tests.documents import LIVE, VARIABLES
from tests.rls.systems import APP, Lab, Make, System, told
from tests.stack.conftest import STATES


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with the built database in `postgres`, which nobody connects to, and a copy of it in `shared`.

    Not that of the tests of the stack, which the same process may be running: theirs has another folder.
    """
    directory = STATES / f"tests-rls-{os.getpid()}"
    with running(directory) as started:
        started.clone("shared")
        with psycopg.connect(started.dsn(ADMIN, "shared"), autocommit=True) as connection:
            # It takes transaction ids at moments of its own choosing, and some of these tests count them.
            connection.execute("alter system set autovacuum = off")
            connection.execute("select pg_reload_conf()")
        yield started
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a live target that has the reference system's tables."""
    path = tmp_path_factory.mktemp("settings") / "live.toml"
    path.write_text(LIVE, encoding="utf-8")
    return load(path, VARIABLES)


@contextmanager
def made(server: Server, live: Settings, place: str) -> Iterator[Make]:
    """Makes systems, each a fresh copy of the built database, in which canary rows may be placed."""
    with ExitStack() as opened:
        names = iter(range(1000))

        def system(change: str = "", *, schema: str, login: str = "postgres", base: str = "", **rls: object) -> System:
            name = f"{place}{next(names)}"
            server.clone(name)
            database: dict[str, object] = {"dsn": SecretStr(server.dsn(login, name)), "exposed_schemas": (schema,)}
            if schema != "public":
                database["public_tables"] = ()
            settings = told(live, tenancy=schema, database=database, rls={"witness": "canary", "nice_ratio": 0, **rls})
            made = System(server, name, settings, opened.enter_context(closing(Database(settings, Journal()))))
            if base or change:
                made.run(f"{base}; {change}")
            return made

        yield system


@pytest.fixture
def reference(server: Server, live: Settings) -> Iterator[Make]:
    """Makes copies of the reference database, changed by some SQL."""
    with made(server, live, "reference") as system:
        yield lambda change="", **more: system(change, schema="public", **more)


@pytest.fixture
def synthetic(server: Server, live: Settings) -> Iterator[Make]:
    """Makes databases in which nothing is exposed but the schema `app`: events, people, members, and some SQL's."""
    with made(server, live, "synthetic") as system:
        yield lambda change="", **more: system(change, schema="app", **{"base": APP, **more})


@pytest.fixture
def session(server: Server) -> Iterator[Session]:
    """A transaction of the superuser's on the shared database; it is rolled back."""
    with (
        psycopg.connect(server.dsn(ADMIN, "shared"), autocommit=True) as connection,
        connection.transaction(force_rollback=True),
    ):
        yield Session(connection.cursor())


@pytest.fixture
def lab(session: Session) -> Lab:
    """Tables of the test's own, and tries at them."""
    return Lab(session)
