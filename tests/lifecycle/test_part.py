"""A part is started, ready and stopped by its commands, each within its deadline."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from pydantic import ValidationError

from runbook.errors import TargetError
from runbook.settings_parts import Part, endpoint
from tests.lifecycle.system import Answering, answer, handle


def test_it_is_ready_when_an_address_answers_200(tmp_path: Path) -> None:
    status = 503

    def health(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, status)

    with Answering(health) as url:
        part = handle(tmp_path, ready=f"{url}/healthz")
        assert not part.ready()
        status = 200
        assert part.ready()
    assert not part.ready()


def test_it_is_ready_when_a_port_or_a_socket_takes_connections(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "socket"))
        other.listen()
        parts = [
            handle(tmp_path, ready=f"127.0.0.1:{server.getsockname()[1]}"),
            handle(tmp_path, ready=str(tmp_path / "socket")),
        ]
        assert [part.ready() for part in parts] == [True, True]
    assert [part.ready() for part in parts] == [False, False]


def test_it_is_ready_when_a_command_ends_with_0(tmp_path: Path) -> None:
    part = handle(tmp_path, ready=("test", "-e", "up"))
    assert not part.ready()
    (tmp_path / "up").touch()
    assert part.ready()


def test_commands_run_in_the_part_s_folder_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert handle(tmp_path, folder="there", start=("touch", "up")).start().fault is None
    assert (tmp_path / "there" / "up").exists()


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"start": ("sh", "-c", "exit 3")}, "the command ended with exit code 3"),
        ({"ready": ("false",), "ready_within": 0.1}, "it was not ready within 0.1 s"),
        ({"start": ("sleep", "60"), "ready_within": 0.1}, "it was not ready within 0.1 s"),
    ],
)
def test_a_start_that_fails_says_how(tmp_path: Path, keys: dict[str, object], fault: str) -> None:
    done = handle(tmp_path, **keys).start()
    assert done.fault == fault
    assert done.seconds < 20


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"stop": ("sh", "-c", "exit 4")}, "the command ended with exit code 4"),
        ({"stop": ("sleep", "60"), "stop_within": 0.1}, "the command did not end within 0.1 s"),
        ({}, None),
    ],
)
def test_a_stop_says_what_was_wrong(tmp_path: Path, keys: dict[str, object], fault: str | None) -> None:
    assert handle(tmp_path, **keys).stop().fault == fault


@pytest.mark.parametrize("key", ["start", "stop", "ready"])
def test_a_command_that_is_not_there_is_told_by_its_key(tmp_path: Path, key: str) -> None:
    part = handle(tmp_path, **{key: ("no-such-program",)})
    with pytest.raises(TargetError, match=rf"^parts\.admin\.{key}: no-such-program cannot be run \(No such file"):
        getattr(part, key)()


@pytest.mark.parametrize(
    ("address", "found"),
    {
        "http://127.0.0.1:8000/healthz": ("127.0.0.1", 8000),
        "https://api.example.com": ("api.example.com", 443),
        "localhost:54322": ("localhost", 54322),
        "[::1]:80": ("::1", 80),
        "/run/api.sock": "/run/api.sock",
    }.items(),
)
def test_an_address_is_read(address: str, found: object) -> None:
    assert endpoint(address) == found


@pytest.mark.parametrize("address", ["api.example.com", "run/api.sock", ":80", "ftp://127.0.0.1:21", "localhost:http"])
def test_another_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Part.model_validate({"start": ["a"], "stop": ["b"], "ready": ["c"], "listens": [address]})


def test_a_route_without_a_body_is_never_under_way() -> None:
    with pytest.raises(ValidationError, match="must be a route with a body"):
        Part.model_validate({"start": ["a"], "stop": ["b"], "ready": ["c"], "listens": ["x:1"], "under_way": "GET /"})
