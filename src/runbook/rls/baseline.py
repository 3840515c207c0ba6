"""What a person has approved: who reaches what of the own event, and every policy, grant, role and function.

It is a file in git beside the settings. A difference is drift, and fails until somebody approves it, with a reason.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import RunbookError, Unverified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runbook.rls.catalog import Catalog
    from runbook.rls.cells import Cell

Access = dict[str, dict[str, list[str]]]
"""By relation, then persona: the commands that reach rows of the own event."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """An approval: by whom, why and when (UTC), and of what."""

    by: str
    why: str
    at: str
    access: Access
    state: Mapping[str, Mapping[str, str]]
    version: int = field(default=VERSION)


def observed_access(cells: Iterable[Cell]) -> Access:
    """What was reached of the own event."""
    access: Access = {}
    for cell in cells:
        if cell.reach == "own":
            commands = access.setdefault(cell.relation, {}).setdefault(cell.persona, [])
            if cell.kind == "reached":
                commands.append(cell.command)
    return access


def approve(path: Path, by: str, why: str, access: Access, catalog: Catalog) -> Baseline:
    """Write a new baseline. It takes the place of the old one, which stays in git."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    baseline = Baseline(by, why, at, access, {kind: dict(state) for kind, state in catalog.state.items()})
    draft = path.with_suffix(".draft")
    draft.write_text(
        json.dumps(asdict(baseline), indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
    draft.replace(path)
    return baseline


def read(path: Path) -> Baseline:
    """The approved baseline. Raises Unverified when there is none, RunbookError when it cannot be used."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        baseline = Baseline(**document)
    except FileNotFoundError:
        raise Unverified(
            f"nothing is approved yet: look at `runbook rls matrix`, then `runbook rls approve` ({path.name})"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise RunbookError(f"{path}: is not a baseline ({type(error).__name__}); restore it from git") from None
    if baseline.version != VERSION:
        raise RunbookError(f"{path}: is of version {baseline.version}; approve it anew with `runbook rls approve`")
    return baseline


def differences(approved: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What is new, gone or changed, by name."""
    return [
        *(f"new: {name}" for name in sorted(found.keys() - approved.keys())),
        *(f"gone: {name}" for name in sorted(approved.keys() - found.keys())),
        *(f"changed: {name}" for name in sorted(found.keys() & approved.keys()) if found[name] != approved[name]),
    ]


def access_changes(approved: Access, found: Access, relation: str) -> tuple[list[str], list[str]]:
    """What was lost and what was gained in one relation: `persona command`."""
    old = {(persona, command) for persona, commands in approved.get(relation, {}).items() for command in commands}
    new = {(persona, command) for persona, commands in found.get(relation, {}).items() for command in commands}
    return [" ".join(pair) for pair in sorted(old - new)], [" ".join(pair) for pair in sorted(new - old)]
