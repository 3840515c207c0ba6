"""The team's repository is read as it is, and is never written to."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from runbook.errors import Unverified
from runbook.release.git import Repository, same
from tests.release.repositories import commit, git

FILES = {
    "app.py": "print(1)\n",
    ".gitattributes": "notes.txt export-ignore\n*.py export-subst\n",
    "notes.txt": "$Format:%H$",
}


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """Three commits on main: the second is tagged, a file of the third names it."""
    folder = tmp_path / "team"
    commit(folder, {"app.py": "print(0)\n"}, "first")
    second = commit(folder, FILES, "second")
    git(folder, "tag", "--annotate", "--message", "as it was verified", "stable")
    commit(folder, {"STABLE": f"{second}  # as it was verified\n", "NAMED": "stable\n", "EMPTY": "\n"}, "third")
    git(folder, "branch", "release/1.0", "stable")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    return folder


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below a folder, with its content and when it was written."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("reference", "revision"),
    {
        "tag:stable": "main~1",
        "branch:main": "main",
        "branch:release/1.0": "main~1",
        "branch:origin/main": "main",
        "file:STABLE": "main~1",
        "file:NAMED": "main~1",
    }.items(),
)
def test_a_reference_leads_to_its_commit(team: Path, reference: str, revision: str) -> None:
    assert Repository(team).commit(reference) == git(team, "rev-parse", revision)


def test_a_bare_repository_will_do(team: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(team), "bare.git")
    assert Repository(tmp_path / "bare.git").commit("file:STABLE") == git(team, "rev-parse", "main~1")


@pytest.mark.parametrize(
    "reference", ["tag:main", "branch:stable", "tag:none", "file:EMPTY", "file:app.py", "file:none"]
)
def test_what_leads_to_no_commit_is_unverified(team: Path, reference: str) -> None:
    with pytest.raises(Unverified, match=r"names no commit|has no commit|failed in"):
        Repository(team).commit(reference)


def test_how_a_commit_stands_to_the_stable_one_is_told_in_words(team: Path) -> None:
    stable, repository = git(team, "rev-parse", "stable^{commit}"), Repository(team)
    git(team, "checkout", "--quiet", "-b", "other", "main~2")
    other = commit(team, {"other.py": ""})
    told = {name: repository.told(git(team, "rev-parse", name), stable) for name in ("main", "main~2", "main~1")}
    assert told == {
        "main": "is 1 newer by commits",
        "main~2": "is 1 older by commits",
        "main~1": "is the same commit",
    }
    assert repository.told(other, stable) == "is 1 newer and 1 older by commits"
    assert repository.told("f" * 40, stable) == repository.told("--help", stable) == "is not in the repository"


@pytest.mark.parametrize(
    ("reported", "holds"),
    {
        "ab12cd3" + "0" * 33: True,
        "ab12cd3": True,
        "AB12CD3": True,
        "ab12cd": False,
        "": False,
        "ab12cd4": False,
    }.items(),
)
def test_a_commit_may_be_reported_by_its_first_characters(reported: str, *, holds: bool) -> None:
    assert same(reported, "ab12cd3" + "0" * 33) is holds


def test_a_checkout_holds_exactly_the_commit_and_leaves_the_repository_alone(team: Path, tmp_path: Path) -> None:
    (team / "app.py").write_text("print('not committed')\n", encoding="utf-8")
    before = state(team)
    repository = Repository(team)
    repository.check_out(repository.commit("tag:stable"), tmp_path / "checked out")
    found = {
        path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "checked out").iterdir() if path.is_file()
    }
    assert found == FILES  # also what `git archive` would leave out or fill in
    assert git(tmp_path / "checked out", "status", "--porcelain") == ""
    assert state(team) == before


def test_git_heeds_neither_variables_nor_hooks_nor_replaced_objects(
    team: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(tmp_path / "another", {"app.py": "print('another')\n"})
    hook = team / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/hooked'\n", encoding="utf-8")
    hook.chmod(0o755)
    git(team, "replace", "stable^{commit}", "main")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "another" / ".git"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hook.parent))
    repository = Repository(team)
    repository.check_out(repository.commit("tag:stable"), tmp_path / "checked out")
    assert (tmp_path / "checked out" / "app.py").read_text(encoding="utf-8") == FILES["app.py"]
    assert not (tmp_path / "checked out" / "STABLE").exists()
    assert not (tmp_path / "hooked").exists()


def test_a_folder_inside_of_another_repository_is_none(team: Path) -> None:
    (team / "folder").mkdir()
    with pytest.raises(Unverified, match="not a git repository"):
        Repository(team / "folder").commit("tag:stable")


def test_without_git_it_says_so(team: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unverified, match="git is not installed"):
        Repository(team).commit("tag:stable")


def test_files_are_listed_with_what_stands_in_them(team: Path) -> None:
    commit(team, {"sql/b é.sql": "b\n", "sql/a.sql": "", "sql/below/c.sql": "c", "sqlite": ""})
    repository = Repository(team)
    assert [file.path for file in repository.files("main", "sql")] == ["sql/a.sql", "sql/b é.sql"]
    below = repository.files("main", "sql", below=True)
    assert [file.name for file in below] == ["a.sql", "b é.sql", "c.sql"]
    assert repository.contents(below) == [b"", b"b\n", b"c"]
    assert repository.files("main", "none") == []
    assert "sqlite" in [file.path for file in repository.files("main", ".")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_of_somebody_else_is_read(team: Path) -> None:
    for path in [team, *team.rglob("*")]:
        shutil.chown(path, "nobody")
    assert Repository(team).commit("tag:stable")
