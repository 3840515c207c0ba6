"""One part of a running system is stopped and started alone, by a command, and remains the supervisor's."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from stack import parts, supervisor
from stack.processes import Record
from stack.state import RECORD


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a running system, of which nothing runs afterwards."""
    directory = tmp_path_factory.mktemp("states") / "parts"
    with supervisor.started(directory) as environment:
        yield environment
        record = Record.read(directory / RECORD)
    assert not any(process.alive() for process in record.processes)
    assert [path.name for path in directory.iterdir()] == ["logs"]


def part(what: str, name: str, stack: dict[str, str]) -> int:
    return parts.main([what, name, "--state", stack["STACK_STATE"]])


@pytest.mark.parametrize("name", ["api", "admin"])
def test_what_was_stopped_refuses_keeps_its_port_and_answers_there_again(name: str, stack: dict[str, str]) -> None:
    url = stack[f"STACK_{name.upper()}_URL"]
    port = int(str(urlsplit(url).port))
    assert part("stop", name, stack) == 0
    assert part("ready", name, stack) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz", trust_env=False)
    with socket.socket() as stranger, pytest.raises(OSError, match="in use") as refused:
        stranger.bind((parts.HOST, port))
    assert refused.value.errno == errno.EADDRINUSE
    assert part("start", name, stack) == 0
    assert part("ready", name, stack) == 0
    assert httpx.get(f"{url}/healthz", trust_env=False).status_code == httpx.codes.OK


def test_the_database_keeps_what_it_held_and_leaves_no_socket_meanwhile(stack: dict[str, str]) -> None:
    assert part("stop", "supabase", stack) == 0
    assert not Path(stack["STACK_DATABASE_LISTENS"]).exists()
    assert not Path(stack["STACK_DATABASE_LOCK"]).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(stack["STACK_DATABASE_DSN"])
    assert part("start", "supabase", stack) == 0
    with psycopg.connect(stack["STACK_DATABASE_DSN"]) as connection:
        found = connection.execute("select count(*) from public.events").fetchone()
    assert found is not None
    assert found[0] > 0


def test_what_runs_already_is_not_started_twice(stack: dict[str, str]) -> None:
    before = Record.read(Path(stack["STACK_STATE"]) / RECORD).processes
    assert part("start", "admin", stack) == 0
    assert Record.read(Path(stack["STACK_STATE"]) / RECORD).processes == before


def test_where_nothing_runs_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parts.main(["stop", "api", "--state", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"stack: nothing runs in {tmp_path}: ")


def test_who_does_not_know_the_key_stops_nothing(stack: dict[str, str], tmp_path: Path) -> None:
    port = stack["STACK_CONTROL"].partition(":")[0]
    (tmp_path / "environment.json").write_text(f'{{"STACK_CONTROL": "{port}:guessed"}}')
    assert parts.main(["stop", "admin", "--state", str(tmp_path)]) == 1
    assert part("ready", "admin", stack) == 0
