"""What stays of a part that was stopped is found, and what cannot be seen is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.lifecycle.part import Handle, eventually
from runbook.lifecycle.watch import Watch, processes_of
from tests.lifecycle.system import SECONDS, handle, killed, listening, program


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    killed(tmp_path)


def started(folder: Path, *leaves: str) -> Handle:
    part = program(folder, *leaves)
    assert part.start().fault is None
    return listening(part)


def test_a_part_is_who_listens_with_all_that_it_started(folder: Path) -> None:
    part = started(folder)
    assert {str(found.pid) for found in processes_of(part.endpoints)} == set((folder / "pids").read_text().split())


def test_while_it_runs_all_of_it_is_there_and_once_it_is_stopped_nothing_is(folder: Path) -> None:
    part = started(folder)
    watch = Watch(part, None)
    running = watch.left()
    assert running["addresses"] == list(part.part.listens)
    assert len(running["processes"]) == 2
    assert running["files"] == [str(folder / "up.lock")]
    assert watch.unseen == {"sessions": "name the roles that it connects as, as parts.admin.sessions"}
    part.stop()
    assert eventually(lambda: not any(watch.left().values()), SECONDS)


@pytest.mark.parametrize(("leaves", "kind"), [("child", "processes"), ("file", "files")])
def test_what_it_leaves_is_found_and_nothing_else(folder: Path, leaves: str, kind: str) -> None:
    part = started(folder, leaves)
    watch = Watch(part, None)
    part.stop()
    assert eventually(lambda: sum(map(len, watch.left().values())) == 1, SECONDS)
    assert len(watch.left()[kind]) == 1


def test_what_a_command_names_is_left(tmp_path: Path) -> None:
    part = handle(tmp_path, left=("cat", "left"), temporary=())
    (tmp_path / "left").write_text("one\ntwo")
    watch = Watch(part, None)
    assert watch.left()["processes"] == ["2 that parts.admin.left names"]
    (tmp_path / "left").write_text("")
    assert watch.left()["processes"] == []
    assert "processes" not in watch.unseen
    (tmp_path / "left").unlink()
    assert watch.left()["processes"] == []
    assert "the command failed" in watch.unseen["processes"]


def test_what_cannot_be_seen_is_said_with_the_key_that_would_tell(tmp_path: Path) -> None:
    unseen = Watch(handle(tmp_path, sessions=("authenticator",)), None).unseen
    assert {kind: text.partition("parts.admin.")[2].rstrip(")") for kind, text in unseen.items()} == {
        "addresses": "listens",
        "processes": "left",
        "files": "temporary",
        "sessions": "sessions",
    }


def test_processes_at_a_port_of_another_machine_are_not_looked_for_here(folder: Path) -> None:
    part = started(folder)
    port = part.part.listens[0].partition(":")[2]
    assert processes_of([("127.0.0.1", int(port))]) != []
    assert processes_of([("192.0.2.1", int(port))]) == []
