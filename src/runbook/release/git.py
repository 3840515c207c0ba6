"""The team's git repository, read by the `git` program and never written to, whatever ends this process.

git heeds nothing but the repository here: no variable, no settings of a person or of the machine, no hook, no prompt,
no replaced object.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import Unverified
from runbook.targets.environment import plain

READ_SECONDS = 30
CHECKOUT_SECONDS = 120
SHORTEST = 7
"""A commit may be told by its first characters: git itself shows no fewer than these."""
_NAME = re.compile(r"[\w./@+][\w./@+-]*")
_QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}
_OPTIONS = ["--no-replace-objects", "-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"]
_OPTIONS += ["-c", "safe.directory=*"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit: its path in the repository, and the id of its content."""

    path: str
    blob: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


class Repository:
    """A repository by its folder, bare or not. Every method raises Unverified when git cannot answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def commit(self, reference: str) -> str:
        """The commit that `tag:NAME`, `branch:NAME` or `file:PATH` leads to; the file is read at HEAD, and holds a
        commit or a tag."""
        form, _, name = reference.partition(":")
        if form == "file":
            named = self.content("HEAD", name).decode("utf-8", "replace").split()[:1]
            if not named or not _NAME.fullmatch(named[0]):
                raise Unverified(f"{name} at HEAD of {self.folder} names no commit")
            candidates = [named[0]]
        else:
            candidates = [f"refs/tags/{name}"] if form == "tag" else [f"refs/heads/{name}", f"refs/remotes/{name}"]
        for candidate in candidates:
            if (found := self.find(candidate)) is not None:
                return found
        raise Unverified(f"{self.folder} has no commit for {reference}; fetch it, or correct release.source")

    def find(self, revision: str) -> str | None:
        """The commit of a revision, None where the repository does not have it."""
        answer = self._run(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], {0, 1})
        return answer.decode().strip() or None

    def told(self, commit: str, stable: str) -> str:
        """How a commit that was reported stands to the stable one, in words."""
        known = self.find(commit) if re.fullmatch(r"[0-9a-f]{7,64}", commit) else None
        if known is None:
            return "is not in the repository"
        newer, older = map(int, self._run(["rev-list", "--left-right", "--count", f"{known}...{stable}"]).split())
        parts = [f"{newer} newer" if newer else "", f"{older} older" if older else ""]
        return f"is {' and '.join(filter(None, parts))} by commits" if newer or older else "is the same commit"

    def files(self, commit: str, folder: str, *, below: bool = False) -> list[File]:
        """The files of a folder in a commit, those of its folders too where `below`; sorted by path."""
        inside = [] if folder in ("", ".") else [f"{folder}/"]
        listed = self._run(["ls-tree", "-z", *(["-r"] if below else []), commit, "--", *inside]).decode(
            "utf-8", "replace"
        )
        entries = [entry.partition("\t") for entry in listed.split("\0") if entry]
        return sorted(
            (File(path, about.split()[2]) for about, _, path in entries if about.split()[1] == "blob"),
            key=lambda file: file.path,
        )

    def contents(self, files: Iterable[File]) -> list[bytes]:
        """What stands in each file."""
        wanted = [file.blob for file in files]
        answer = self._run(["cat-file", "--batch"], given="".join(f"{blob}\n" for blob in wanted).encode())
        found = []
        for blob in wanted:
            head, _, rest = answer.partition(b"\n")
            words = head.split()
            if len(words) != 3:
                raise Unverified(f"{self.folder} lacks the content {blob[:12]}; is it a partial clone?")
            size = int(words[2])
            found.append(rest[:size])
            answer = rest[size + 1 :]
        return found

    def content(self, commit: str, path: str) -> bytes:
        """What stands in one file of a commit."""
        return self._run(["cat-file", "blob", f"{commit}:{path}"])

    def check_out(self, commit: str, folder: Path) -> None:
        """Put exactly this commit into a new folder, as a repository of its own that borrows the objects.

        `git worktree` would write into the team's repository, and leave it there when this process is killed;
        `git archive` leaves out what the repository's attributes say. Submodules and large files by reference stay
        what they are in the commit.
        """
        objects = (self.folder / self._run(["rev-parse", "--git-path", "objects"]).decode().rstrip("\n")).resolve()
        kind = self._run(["rev-parse", "--show-object-format"]).decode().strip()
        self._run(["init", "--quiet", "--template=", f"--object-format={kind}", str(folder)])
        borrowed = folder / ".git" / "objects" / "info" / "alternates"
        borrowed.parent.mkdir(exist_ok=True)
        borrowed.write_text(f"{objects}\n", encoding="utf-8")
        Repository(folder)._run(["checkout", "--quiet", "--detach", commit], limit=CHECKOUT_SECONDS)

    def _run(
        self, arguments: Sequence[str], codes: Iterable[int] = (0,), *, given: bytes = b"", limit: float = READ_SECONDS
    ) -> bytes:
        # It does not look for a repository above the folder.
        environment = plain({**_QUIET, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)})
        try:
            ran = subprocess.run(
                ["git", *_OPTIONS, "-C", str(self.folder), *arguments],
                env=environment,
                input=given,
                capture_output=True,
                timeout=limit,
                check=False,
            )
        except FileNotFoundError:
            raise Unverified("git is not installed, so nothing can be held against the repository") from None
        except OSError as error:
            raise Unverified(f"git cannot be run ({error.strerror})") from None
        except subprocess.TimeoutExpired:
            raise Unverified(f"git {arguments[0]} did not answer within {limit:g} s in {self.folder}") from None
        if ran.returncode not in set(codes):
            said = ran.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {ran.returncode}"]
            raise Unverified(f"git {arguments[0]} failed in {self.folder}: {said[0]}")
        return ran.stdout


def same(reported: str, commit: str) -> bool:
    """Whether a commit that was reported, whole or by its first characters, is this one."""
    return SHORTEST <= len(reported) <= len(commit) and commit.startswith(reported.lower())
