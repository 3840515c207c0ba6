"""The lock pins everything that the project needs, by hash, and says nothing about where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.compile(
    r"^([a-z0-9._-]+)==(\S+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def needed() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {re.split(r"[\[<>=]", entry)[0].strip() for entry in [*wanted, *project["build-system"]["requires"]]}


def test_every_line_is_a_pin_with_hashes() -> None:
    rest = PINNED.sub("", "".join(line for line in LOCK.splitlines(keepends=True) if not line.startswith("#")))
    assert rest == ""


def test_everything_that_the_project_names_is_pinned() -> None:
    assert needed() - {found[1] for found in PINNED.finditer(LOCK)} == set()


def test_it_names_no_address() -> None:
    assert "://" not in LOCK
