"""The git repository that the system is deployed from: its own sources, committed with fixed names and times, so that
the same sources are the same commit everywhere, also where this project itself is no repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from stack.state import DEADLINE, StackError

HERE = Path(__file__).parent
KINDS = frozenset({".py", ".sql", ".html", ".css", ".js", ".svg"})
AUTHOR = "System Operator <operator@runbook.example>"
TIMES = {"database": "1767600000 +0000", "api and admin": "1768809600 +0000"}
UNKNOWN = "unknown"
RELEASE = "2026.01.19"
"""What the newest commit is called, in its file of the same name."""

Files = dict[str, bytes]
Change = Callable[[Files], Files]


def make(folder: Path, change: Change | None = None) -> str:
    """Make the repository, its tag `stable` on the newest of two commits, and return that commit; UNKNOWN where git is
    not installed. `change` is what a defect does to the files. Raises StackError."""
    database = {path: text for path, text in sources().items() if path.startswith("stack/database/")}
    everything = sources() if change is None else change(sources())
    stream = b"".join(_commits([("database", database), ("api and admin", everything)]))
    marks = folder / ".git" / "marks"
    try:
        _git("init", "--quiet", "--template=", "--initial-branch=main", str(folder))
        _git("-C", str(folder), "fast-import", "--quiet", f"--export-marks={marks}", given=stream)
    except FileNotFoundError:
        return UNKNOWN
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"the repository could not be made: {error}") from error
    return dict(line.split() for line in marks.read_text(encoding="ascii").splitlines())[":2"]


def sources() -> Files:
    """The sources of the reference system, by their paths."""
    parts = [path for part in ("api", "admin", "database") for path in sorted((HERE / part).rglob("*"))]
    found = {path.relative_to(HERE.parent).as_posix(): path.read_bytes() for path in parts if path.suffix in KINDS}
    return {**found, "RELEASE": f"{RELEASE}\n".encode()}


def _commits(commits: list[tuple[str, Files]]) -> Iterator[bytes]:
    """What `git fast-import` reads: each commit with all its files, and the tag on the last one."""
    for number, (message, files) in enumerate(commits, 1):
        head = f"commit refs/heads/main\nmark :{number}\ncommitter {AUTHOR} {TIMES[message]}\n"
        yield head.encode() + _data(message.encode()) + b"deleteall\n"
        for path, text in files.items():
            yield f"M 100644 inline {path}\n".encode() + _data(text)
    yield f"reset refs/tags/stable\nfrom :{len(commits)}\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _git(*arguments: str, given: bytes = b"") -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], env=environment, input=given, check=True, capture_output=True, timeout=DEADLINE)
