"""The reference system's repository: the same sources are the same commit, and the tag is on what is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.release.git import Repository
from stack import repository
from tests.release.repositories import git


def test_the_same_sources_are_the_same_commit_and_it_is_the_stable_one(tmp_path: Path) -> None:
    made = [repository.make(tmp_path / name) for name in ("one", "two")]
    assert (
        made[0]
        == made[1]
        == Repository(tmp_path / "one").commit("tag:stable")
        == git(tmp_path / "two", "rev-parse", "main")
    )
    Repository(tmp_path / "one").check_out(made[0], tmp_path / "checked out")
    for path, text in repository.sources().items():
        assert (tmp_path / "checked out" / path).read_bytes() == text


def test_a_change_to_the_sources_is_another_commit_after_the_same_first_one(tmp_path: Path) -> None:
    changed = repository.make(tmp_path / "one", lambda files: {**files, "stack/more.py": b""})
    assert changed != repository.make(tmp_path / "two")
    assert git(tmp_path / "one", "rev-parse", f"{changed}~1") == git(tmp_path / "two", "rev-parse", "stable~1")


def test_without_git_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repository.make(tmp_path / "one") == repository.UNKNOWN
