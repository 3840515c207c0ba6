"""What was found out: one cell for each relation, persona and command, with what proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runbook.rls.answer import WORST_FIRST, Kind

if TYPE_CHECKING:
    from runbook.rls.personas import Context
    from runbook.rls.statements import Command

Reach = Literal["own", "other"]
"""Whose rows a cell is about: the persona's own event's, or those that it must never get at."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One statement that was tried, ready to be tried again by hand, and what came of it."""

    context: Context
    form: str
    sql: str
    kind: Kind
    said: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One persona, one command, one relation. `control` says what shows that the probe could have got through."""

    relation: str
    persona: str
    command: Command
    reach: Reach
    kind: Kind
    reason: str = ""
    control: str = ""
    probes: tuple[Probe, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether it is known to be open or closed."""
        return self.kind != "blind"


def worst(probes: list[Probe]) -> Probe:
    """The probe that decides a cell: one way in is enough, and one that says nothing is not outweighed."""
    return min(probes, key=lambda probe: WORST_FIRST.index(probe.kind))
