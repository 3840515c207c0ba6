"""On the container target each planted defect turns the same checks red as on the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.defects import Defect
from tests.planted import IN_CONTAINERS, IN_THE_SYSTEM, NOT_IN_CONTAINERS, planted
from tests.test_defects import assert_exactly_its_checks_are_red, settings_with

OTHERS = set(IN_THE_SYSTEM) - IN_CONTAINERS


@pytest.mark.slow
@pytest.mark.parametrize("defect", planted(IN_THE_SYSTEM, elsewhere=OTHERS, never=NOT_IN_CONTAINERS), ids=str)
def test_defect_turns_the_same_checks_red_in_containers(defect: Defect, tmp_path: Path, document: str) -> None:
    settings = settings_with(defect, tmp_path, document)
    assert_exactly_its_checks_are_red(defect, settings, tmp_path / "reports", {})
