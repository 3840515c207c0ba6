"""The runbook's clauses, read from `clauses.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["id", "en"]
Severity = Literal["P0", "P1", "P2"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: what must hold, the procedure to follow when it does not, and the checks that verify it, without
    their parameters."""

    id: str
    section: str
    layer: str
    severity: Severity
    wording: dict[Language, str]
    remedy: dict[Language, str]
    checks: tuple[str, ...]


@cache
def clauses() -> dict[str, Clause]:
    """Every clause by its id, in the runbook's order."""
    document = tomllib.loads(files("runbook").joinpath("clauses.toml").read_text(encoding="utf-8"))
    return {
        id_: Clause(
            id=id_,
            section=entry["section"],
            layer=entry["layer"],
            severity=entry["severity"],
            wording={"id": entry["id"], "en": entry["en"]},
            remedy=entry["remedy"],
            checks=tuple(entry["checks"]),
        )
        for id_, entry in document.items()
    }


def clause_of(check: str) -> str:
    """The id of the clause that names a check, whatever its parameter; empty where none does."""
    return _owners().get(check.partition("[")[0], "")


@cache
def _owners() -> dict[str, str]:
    return {check: clause.id for clause in clauses().values() for check in clause.checks}


def of_section(section: str) -> list[Clause]:
    """The clauses of one section (`health`, `rls`, ...), in the runbook's order."""
    return [clause for clause in clauses().values() if clause.section == section]
