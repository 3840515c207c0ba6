"""Alembic's migration scripts, read without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.release.git import File


class Revision(NamedTuple):
    """A script, its revision, and those that are applied before it: `down_revision` and `depends_on`."""

    id: str
    file: File
    after: tuple[str, ...]


def revisions(scripts: Iterable[tuple[File, bytes]]) -> list[Revision]:
    """The scripts in an order in which each comes after those that it names. Raises Unverified when there is none, or
    a script cannot be read."""
    waiting = {found.id: found for file, text in scripts if (found := _revision(file, text)) is not None}
    ordered: dict[str, Revision] = {}
    while waiting:
        ready = [one for one in waiting.values() if not set(one.after) & waiting.keys()]
        if not ready:
            raise Unverified(f"the down_revision of these lead in a circle: {', '.join(sorted(waiting))}")
        for one in ready:
            ordered[one.id] = waiting.pop(one.id)
            if missing := set(one.after) - ordered.keys():
                raise Unverified(f"{one.file.path} names {min(missing)}, and there is no such revision")
    return list(ordered.values())


def _revision(file: File, text: bytes) -> Revision | None:
    """None for a script that is no migration."""
    told: dict[str, tuple[str, ...]] = {}
    try:
        for node in ast.parse(text).body:
            if isinstance(node, ast.Assign):
                target, value = node.targets[0], node.value
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                target, value = node.target, node.value
            else:
                continue
            if isinstance(target, ast.Name) and target.id in ("revision", "down_revision", "depends_on"):
                told[target.id] = _texts(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        raise Unverified(f"{file.path} is no script of Alembic that can be read") from None
    if not told.get("revision"):
        return None
    return Revision(told["revision"][0], file, (*told.get("down_revision", ()), *told.get("depends_on", ())))


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value),)
