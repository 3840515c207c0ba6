"""Every part is stopped in reverse and started in order; whatever happens meanwhile, all of them run at the end."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from runbook.errors import Unverified
from runbook.lifecycle import rehearsal
from runbook.lifecycle.part import Done, Handle
from runbook.lifecycle.rehearsal import Rehearsal, Requests, Stop, rehearse
from runbook.settings import Settings
from runbook.settings_file import load
from tests.documents import VARIABLES
from tests.lifecycle.system import document

ALL = ("admin", "supabase", "api")
STOPS = ["stop admin", "stop api", "stop supabase"]
STARTS = ["start supabase", "start api", "start admin"]


def settings(folder: Path, *parts: str, stopped: str = "true") -> Settings:
    (folder / "mine.toml").write_text(document(*parts, stopped=stopped), encoding="utf-8")
    for name in parts:
        (folder / name).touch()
    return load(folder / "mine.toml", VARIABLES)


def log(folder: Path) -> list[str]:
    path = folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def test_parts_are_stopped_in_reverse_and_started_in_order(tmp_path: Path) -> None:
    seen = rehearse(settings(tmp_path, *ALL), tmp_path)
    assert log(tmp_path) == STOPS + STARTS
    assert [seen.stop(name).done.fault for name in ("supabase", "api", "admin")] == [None] * 3
    assert [seen.start(name).fault for name in ("supabase", "api", "admin")] == [None] * 3


def test_what_may_not_be_stopped_is_left_alone_and_proves_nothing(tmp_path: Path) -> None:
    seen = rehearse(settings(tmp_path, *ALL, stopped="false"), tmp_path)
    assert log(tmp_path) == []
    for look in (seen.stop, seen.start):
        with pytest.raises(Unverified, match=r"may_be_stopped"):
            look("api")


def test_a_part_that_the_settings_do_not_name_proves_nothing(tmp_path: Path) -> None:
    seen = rehearse(settings(tmp_path, "admin"), tmp_path)
    assert seen.stop("admin").done.fault is None
    with pytest.raises(Unverified, match=r"the settings have no \[parts\.api\]"):
        seen.stop("api")


def test_a_part_that_did_not_run_is_started_first(tmp_path: Path) -> None:
    known = settings(tmp_path, "admin")
    (tmp_path / "admin").unlink()
    rehearse(known, tmp_path)
    assert log(tmp_path) == ["start admin", "stop admin", "start admin"]


def test_a_part_that_does_not_start_at_all_is_not_stopped(tmp_path: Path) -> None:
    known = settings(tmp_path, "admin")
    (tmp_path / "admin").unlink()
    broken = known.parts["admin"].model_copy(update={"start": ("false",)})
    seen = rehearse(known.model_copy(update={"parts": {"admin": broken}}), tmp_path)
    assert log(tmp_path) == []
    with pytest.raises(Unverified, match="admin did not run, and the command ended with exit code 1"):
        seen.start("admin")


def test_a_start_that_fails_once_is_told_and_made_good(tmp_path: Path) -> None:
    known = settings(tmp_path, *ALL)
    once = ("sh", "-c", "touch admin.tried && test -e admin.again && touch admin || { touch admin.again; exit 1; }")
    parts = known.parts | {"admin": known.parts["admin"].model_copy(update={"start": once})}
    seen = rehearse(known.model_copy(update={"parts": parts}), tmp_path)
    assert seen.start("admin").fault == "the command ended with exit code 1"
    assert (tmp_path / "admin").exists()


@pytest.mark.parametrize("broken_off_by", [KeyboardInterrupt, RuntimeError])
def test_when_it_is_broken_off_everything_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken_off_by: type[BaseException]
) -> None:
    known = settings(tmp_path, *ALL)
    careful = rehearsal._stop

    def stop(part: Handle, settings: Settings) -> Stop:
        found = careful(part, settings)
        if part.name == "supabase":
            raise broken_off_by
        return found

    monkeypatch.setattr(rehearsal, "_stop", stop)
    with pytest.raises(broken_off_by):
        rehearse(known, tmp_path)
    assert log(tmp_path) == STOPS + STARTS
    assert all((tmp_path / name).exists() for name in ALL)


def test_what_cannot_be_seen_is_unverified_and_what_stays_is_told_all_the_same() -> None:
    left: dict[str, list[str]] = {"addresses": [], "processes": ["api (1)"], "files": [], "sessions": []}
    stop = Stop(Done(1), left, {"files": "name its files", "processes": "not all of them"})
    assert stop.stays("addresses") == []
    assert stop.stays("processes", "files") == ["api (1)"]
    with pytest.raises(Unverified, match="name its files"):
        stop.stays("addresses", "files")


def test_no_request_is_under_way_unless_the_settings_allow_it(tmp_path: Path) -> None:
    """On a target that is only read none is sent, and the API is stopped all the same."""
    known = settings(tmp_path, "api")
    with pytest.raises(Unverified, match=r"parts\.api\.under_way"):
        rehearse(known, tmp_path).stop("api").answers()
    route = {"under_way": {"method": "POST", "path": "/enrollments"}}
    parts = {"api": known.parts["api"].model_validate(known.parts["api"].model_dump() | route)}
    with pytest.raises(Unverified, match="writes = true"):
        rehearse(known.model_copy(update={"parts": parts}), tmp_path).stop("api").answers()
    assert log(tmp_path) == ["stop api", "start api"] * 2


def test_a_worker_is_given_all_of_it() -> None:
    stop = Stop(Done(1.5, "why"), {"files": ["a"]}, {"sessions": "b"}, Requests(422, [422, None], True))
    seen = Rehearsal({"api": stop}, {"api": Done(2)}, "because")
    assert TypeAdapter(Rehearsal).validate_python(json.loads(json.dumps(asdict(seen)))) == seen
