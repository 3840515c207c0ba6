"""One PostgreSQL for these tests, and transactions on it as the API makes them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from stack.postgres import Server, running
from stack.state import sweep
from tests.stack.people import Acting, Cursor, become

# A fixed place, where the next start finds and clears away what a killed test run leaves.
STATES = Path(__file__).resolve().parents[2] / ".runbook"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with the built database in `postgres`, which nobody connects to, and a copy of it in `shared`."""
    directory = STATES / f"tests-postgres-{os.getpid()}"
    with running(directory) as started:
        started.clone("shared")
        yield started
    shutil.rmtree(directory)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder for state directories; what killed supervisors leave in it is cleared away at the end."""
    folder = tmp_path / "states"
    folder.mkdir()
    yield folder
    sweep(folder)


@pytest.fixture
def own_database(server: Server) -> str:
    """The name of a fresh copy of the built database, for a test that changes it for good."""
    server.clone("own")
    return "own"


@pytest.fixture
def as_role(server: Server) -> Acting:
    """Opens a transaction on the shared database with a role's own login; it is rolled back at its end."""

    @contextmanager
    def connected(role: str) -> Iterator[Cursor]:
        with (
            psycopg.connect(server.dsn(role, "shared"), autocommit=True) as connection,
            connection.transaction(force_rollback=True),
        ):
            yield connection.cursor()

    return connected


@pytest.fixture
def acting(as_role: Acting) -> Acting:
    """Opens a transaction as the API makes one: the caller's role, claims and headers. It is rolled back at its end."""

    @contextmanager
    def transaction(person: str | None, event: str | None = None, *, role: str = "authenticated") -> Iterator[Cursor]:
        with as_role("authenticator") as cursor:
            become(cursor, person, event, role)
            yield cursor

    return transaction
