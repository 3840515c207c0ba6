"""On the container target each planted defect turns the same checks red as on the embedded one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.targets.engine import Engine
from stack.containers.database import Database
from stack.defects import Defect
from stack.state import DEADLINE
from stack.supervisor import reserved_ports
from tests.planted import DEFECTS, IN_CONTAINERS, IN_THE_SYSTEM, NOT_IN_CONTAINERS, planted
from tests.test_defects import assert_exactly_its_checks_are_red, settings_of_a_copy, settings_with

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.slow
IN_A_COPY = [defect for defect in DEFECTS if defect not in IN_THE_SYSTEM]


@pytest.mark.parametrize(
    "defect",
    planted(IN_THE_SYSTEM, elsewhere=set(IN_THE_SYSTEM) - IN_CONTAINERS, never=NOT_IN_CONTAINERS),
    ids=str,
)
def test_defect_turns_the_same_checks_red_in_containers(defect: Defect, tmp_path: Path, document: str) -> None:
    settings = settings_with(defect, tmp_path, document)
    assert_exactly_its_checks_are_red(defect, settings, tmp_path / "reports", {})


@pytest.fixture(scope="session")
def database(engine: docker.DockerClient) -> Iterator[Database]:
    """One server in a container with the built database in `postgres`, to be copied for each defect."""
    run = Engine(f"defects-{os.getpid()}")
    try:
        with reserved_ports(1) as (port,):
            server = Database(run, "postgres:18", port)
        run.wait(server.container, "postgres", server.ready, DEADLINE)
        server.build("of nobody who signs in")
        yield server
    finally:
        run.close()


@pytest.mark.parametrize("defect", planted(IN_A_COPY, elsewhere=IN_A_COPY), ids=str)
def test_defect_in_a_copy_of_the_database_turns_the_same_checks_red(
    defect: Defect, tmp_path: Path, database: Database
) -> None:
    settings, more = settings_of_a_copy(defect, database, tmp_path)
    assert_exactly_its_checks_are_red(defect, settings, tmp_path / "reports", more)
