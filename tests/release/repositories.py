"""Real git repositories for the tests of the release, and a target whose database they choose."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from runbook.release.git import Repository
from runbook.settings import Settings
from runbook.settings_file import load
from runbook.settings_release import Source
from tests.documents import LIVE, VARIABLES

WHO = {"GIT_AUTHOR_NAME": "Ayu", "GIT_AUTHOR_EMAIL": "ayu@runbook.example"}
WHO |= {"GIT_COMMITTER_NAME": "Ayu", "GIT_COMMITTER_EMAIL": "ayu@runbook.example"}


def git(folder: Path, *arguments: str) -> str:
    """What git itself says, as a person of the team uses it."""
    environment = {**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull}
    ran = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, check=True, capture_output=True, text=True
    )
    return ran.stdout.strip()


def commit(folder: Path, files: dict[str, str], message: str = "a change") -> str:
    """Put these files into the repository, which is made where there is none, and commit them."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def source(folder: Path, **more: object) -> Source:
    """The settings of a repository."""
    told = {"repository": str(folder), "stable": "branch:main", "files": "migrations", "format": "sql", **more}
    return Source.model_validate(told)


def opened(folder: Path) -> Repository:
    return Repository(folder)


def settings(folder: Path, dsn: str, source: Source, **release: object) -> Settings:
    """The settings of a target with this database and this repository."""
    path = folder / "mine.toml"
    path.write_text(LIVE, encoding="utf-8")
    loaded = load(path, {**VARIABLES, "RUNBOOK_DSN": dsn})
    return loaded.model_copy(update={"release": loaded.release.model_copy(update={"source": source, **release})})
