"""Who ran it, where, and with which state of the suite."""

from __future__ import annotations

import getpass
import platform
import socket
import subprocess
from importlib.metadata import version
from pathlib import Path

GIT_SECONDS = 10


def origin(project: Path) -> dict[str, object]:
    """For the first line of a record: user and host, the suite's commit and whether it is clean, and versions."""
    commit = _git(project, "rev-parse", "HEAD")
    return {
        "by": user(),
        "host": socket.gethostname(),
        "suite": version("runbook-checks"),
        "commit": commit,
        # Reports and what else git ignores do not change a check.
        "clean": _git(project, "status", "--porcelain") == "" if commit else None,
        "pytest": version("pytest"),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def user() -> str:
    """Who is at this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _git(project: Path, *arguments: str) -> str | None:
    """What git answers; None where there is no git, or no repository."""
    command = ["git", "-C", str(project), *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None
