"""Which checks there are, read from their source: what a run is held against, whatever it was asked to collect."""

from __future__ import annotations

import ast
from pathlib import Path


def checks_of(section: Path) -> list[str]:
    """The ids of a section's checks without parameters: `checks/health/test_cors.py::test_...`; sorted.

    A file that cannot be parsed counts as one check of its own, which nothing can have run.
    """
    found = []
    for path in sorted(section.rglob("test_*.py")):
        file = path.relative_to(section.parent.parent).as_posix()
        try:
            body = ast.parse(path.read_bytes()).body
        except SyntaxError:
            found.append(file)
            continue
        functions = [node.name for node in body if isinstance(node, ast.FunctionDef)]
        found += [f"{file}::{name}" for name in functions if name.startswith("test_")]
    return sorted(found)
