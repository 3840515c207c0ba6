"""The two kinds of witness agree: what is seen without a mark is what canary rows show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from runbook.rls.inspection import Probing
from stack.database import build
from stack.defects import FOLDER, Defect, read
from stack.postgres import ADMIN

if TYPE_CHECKING:
    from tests.rls.systems import Make, System

OF_THE_CLUSTER = re.compile(r"^\s*(create|alter|drop) role|^\s*grant [\w, ]+ to ", re.M | re.I)
DEFECTS = [
    defect
    for defect in map(read, sorted((FOLDER / "rls").glob("*.sql")))
    if OF_THE_CLUSTER.search(defect.path.read_text(encoding="utf-8")) is None
]
Cells = dict[tuple[str, str, str], str]

SHOWN_BY_REAL_PEOPLE = {"staff_recognised_by_mail_domain"}
"""The accounts of the seed have an address that the policy trusts; no canary has."""

SHOWN_BY_WRITING = {"trigger_copies_sessions_into_every_event"}
"""What a trigger does with a row shows only once there is one."""


def foreign(system: System, witness: str) -> Cells:
    """Every cell about rows of others: what it came to."""
    rls = system.settings.rls.model_copy(update={"witness": witness})
    settings = system.settings.model_copy(update={"rls": rls})
    inspection = system.inspection()
    probing = Probing(system.database, settings, inspection)
    cells = [cell for item in inspection.items for cell in probing.cells(item)]
    return {(cell.relation, cell.persona, cell.command): cell.kind for cell in cells if cell.reach == "other"}


@pytest.mark.parametrize("witness", ["canary", "touchless"])
def test_on_the_reference_system_nothing_is_open_and_all_is_decided(reference: Make, witness: str) -> None:
    cells = foreign(reference(), witness)
    assert len(cells) > 200
    assert {cell: kind for cell, kind in cells.items() if kind in ("reached", "blind")} == {}


@pytest.mark.slow
@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_what_is_reached_without_a_mark_is_reached_with_canaries(reference: Make, defect: Defect) -> None:
    system = reference()
    build.apply(system.server.dsn(ADMIN, system.name), defect.path)
    touchless, canary = foreign(system, "touchless"), foreign(system, "canary")
    assert touchless.keys() == canary.keys()
    alarms = [cell for cell, kind in touchless.items() if kind == "reached" and canary[cell] != "reached"]
    assert alarms == [] or defect.name in SHOWN_BY_REAL_PEOPLE
    comfort = [cell for cell, kind in canary.items() if kind == "reached" and touchless[cell] in ("hidden", "refused")]
    assert comfort == [] or defect.name in SHOWN_BY_WRITING
