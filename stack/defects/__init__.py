"""Planted defects, one a file: each says what it does and which checks it turns red. Those of row-level security are
in `rls/`.

`<name>.sql` is applied to the database after the seed; `<name>.py` replaces the API (`api()`) or the Admin (`admin()`),
or changes how parts are stopped and started again (`system(parts)`);
`<name>.toml` is laid over the target's settings, for what is wrong with a deployment and not with its parts.

The file begins with its header, in comments (`-- ` or `# `) or in its docstring:

    What: one sentence.
    Red: test_name[parameters]          a check that it violates; * for anything; any number of lines
    Unverified: test_name[parameters]   a check that can no longer be made because of it

It is planted for the sections of the runbook whose checks it names, and in these it turns red exactly what it names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
HEADER = re.compile(r'^(?:--|#|""")?\s*(What|Red|Unverified): (.+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Defect:
    """A planted defect; `red` and `unverified` are names of checks with their parameters."""

    path: Path
    what: str
    red: tuple[str, ...]
    unverified: tuple[str, ...]

    @property
    def name(self) -> str:
        """What `--defect` calls it."""
        return self.path.stem

    def __str__(self) -> str:
        return self.name


def read(path: Path) -> Defect:
    """The defect in a file. Raises ValueError when its header is incomplete."""
    lines = HEADER.findall(path.read_text(encoding="utf-8"))
    what, red, unverified = (
        [text.strip() for key, text in lines if key == wanted] for wanted in ("What", "Red", "Unverified")
    )
    if len(what) != 1 or not red:
        raise ValueError(f"{path}: the header needs one line `What:` and at least one line `Red:`")
    return Defect(path, what[0], tuple(red), tuple(unverified))


def defects() -> list[Defect]:
    """Every planted defect, by name."""
    return [read(path) for path in sorted(FOLDER.rglob("[!_]*")) if path.suffix in {".sql", ".py", ".toml"}]
