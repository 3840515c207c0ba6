"""On the container target each planted defect turns the same checks red as on the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.defects import Defect
from tests.test_defects import DEFECTS, assert_exactly_its_checks_are_red, settings_with, shares_a_server

IN_THE_SYSTEM = [defect for defect in DEFECTS if not shares_a_server(defect)]
"""Those in a copy of the database alone meet the same server whatever the target: that test is theirs."""

ENDED = "every process of a container ends with it: none can stay"
NOT_IN_CONTAINERS = {
    "api_leaves_a_worker_running": ENDED,
    "api_leaves_its_port_open": ENDED,
    "database_crashed_after_the_deploy": "the API reaches no process of another container",
}
PLANTED = [
    pytest.param(defect, marks=pytest.mark.skip(reason=why) if (why := NOT_IN_CONTAINERS.get(defect.name)) else ())
    for defect in IN_THE_SYSTEM
]


@pytest.mark.slow
@pytest.mark.parametrize("defect", PLANTED, ids=str)
def test_defect_turns_the_same_checks_red_in_containers(defect: Defect, tmp_path: Path, document: str) -> None:
    settings = settings_with(defect, tmp_path, document)
    assert_exactly_its_checks_are_red(defect, settings, tmp_path / "reports", {})
