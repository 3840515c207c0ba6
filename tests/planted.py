"""Which defect is planted where: in a copy of the database, in a system of processes, in one of containers."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

import pytest

from runbook.inventory import checks_of
from stack.defects import Defect, defects

ROOT = Path(__file__).parents[1]
DEFECTS = defects()
SECTION_OF = {
    check.rpartition("::")[2]: section.name for section in (ROOT / "checks").iterdir() for check in checks_of(section)
}
OF_THE_CLUSTER = re.compile(
    r"^\s*(create|alter|drop) role|^\s*alter (system|database)|^\s*grant [\w, ]+ to ", re.M | re.I
)
"""Roles and their memberships are in no database: what changes them needs a server of its own."""


def sections_of(defect: Defect) -> list[str]:
    """The sections of the runbook that a defect is planted for: those of the checks that it names."""
    named = {pattern.partition("[")[0] for pattern in (*defect.red, *defect.unverified)}
    return sorted({SECTION_OF[name] for name in named if name in SECTION_OF})


def shares_a_server(defect: Defect) -> bool:
    """Whether it can be planted in a copy of the database, and shows without API and Admin."""
    in_the_database = defect.path.suffix == ".sql" and sections_of(defect) == ["rls"]
    return in_the_database and OF_THE_CLUSTER.search(defect.path.read_text(encoding="utf-8")) is None


def turned_red_first(among: Iterable[Defect]) -> set[Defect]:
    """For each check the first defect, by name, that turns it red."""
    first: dict[str, Defect] = {}
    for defect in among:
        for pattern in defect.red:
            first.setdefault(pattern.partition("[")[0], defect)
    return set(first.values())


ENDED = "every process of a container ends with it: none can stay"
NOT_IN_CONTAINERS = {
    "api_leaves_a_worker_running": ENDED,
    "api_leaves_its_port_open": ENDED,
    "database_crashed_after_the_deploy": "the API reaches no process of another container",
}
IN_THE_SYSTEM = [defect for defect in DEFECTS if not shares_a_server(defect)]
IN_CONTAINERS = turned_red_first(defect for defect in IN_THE_SYSTEM if defect.name not in NOT_IN_CONTAINERS)
"""Those that are planted in containers where each is planted once only: they turn red every check that can be."""


def planted(
    among: Iterable[Defect], *, elsewhere: Container[Defect], never: Mapping[str, str] | None = None
) -> list[object]:
    """The defects as parameters; `elsewhere` are those that the other target plants where each is planted once only
    (ONCE=1), `never` those that cannot be planted here, and why."""
    found: list[object] = []
    for defect in among:
        marks = [pytest.mark.elsewhere] if defect in elsewhere else []
        marks += [pytest.mark.skip(reason=never[defect.name])] if never and defect.name in never else []
        found.append(pytest.param(defect, marks=marks))
    return found
