"""The image is small, is nobody's root, has nothing to build with, and is one to run the suite in, browser and all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runbook.evidence.run import read
from runbook.targets import STARTED, opened
from runbook.targets.engine import RUN
from stack.processes import POLL

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
IMAGE = "runbook-checks"
BYTES = 750_000_000  # of which Chromium and its driver, a Node.js, are 380
SECONDS = 60
SOMEBODY = os.getuid() or 12345
"""Who runs it: not root, and no user that the image knows."""
NAME = "container"
BUILDING = ("pip", "pip3", "gcc", "cc", "g++", "make", "ld", "as", "strip")


@pytest.fixture
def image(engine: docker.DockerClient) -> dict[str, Any]:
    """What the engine knows of it."""
    found: dict[str, Any] = engine.images.get(IMAGE).attrs
    return found


def run_in(
    client: docker.DockerClient,
    *words: str,
    entrypoint: str | None = None,
    network: str = "none",
    user: str | None = None,
    environment: dict[str, str] | None = None,
    volumes: list[str] | None = None,
) -> tuple[int, str]:
    """The exit code of a container of the image, and what it said; the container is removed."""
    container: Container = client.containers.run(
        IMAGE,
        list(words),
        detach=True,
        entrypoint=entrypoint,
        network_mode=network,
        user=user,
        environment=environment,
        volumes=volumes,
    )
    try:
        return int(container.wait(timeout=SECONDS)["StatusCode"]), container.logs().decode()
    finally:
        container.remove(force=True)


def test_it_is_small(image: dict[str, Any]) -> None:
    assert image["Size"] < BYTES


def test_it_does_not_run_as_root(engine: docker.DockerClient) -> None:
    assert run_in(engine, "-c", "import os; print(os.getuid())", entrypoint="python") == (0, "1000\n")


def test_it_has_nothing_to_build_or_install_with(engine: docker.DockerClient) -> None:
    words = f"import importlib.util as i, shutil; print([w for w in {BUILDING} if shutil.which(w)], i.find_spec('pip'))"
    assert run_in(engine, "-c", words, entrypoint="python") == (0, "[] None\n")


def test_its_healthcheck_fails_where_nothing_is_served(engine: docker.DockerClient, image: dict[str, Any]) -> None:
    kind, *words = image["Config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    code, said = run_in(engine, *words[1:], entrypoint=words[0])
    assert (code, "Connection refused" in said) == (1, True)


@pytest.fixture
def system(document: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """The variables of a system in containers, with the defect that the test's parameter names, if any."""
    given = tmp_path / "given"
    given.mkdir()
    if defect := getattr(request, "param", None):
        document = document.replace('"stack"]', f'"stack", "--defect", "{defect}"]')
    (given / "own.toml").write_text(document.replace(f'name = "{NAME}"', f'name = "image-{os.getpid()}"', 1), "utf-8")
    with opened(given / "own.toml") as target:
        yield target.provided


def run_the_suite(client: docker.DockerClient, system: Mapping[str, str], folder: Path) -> tuple[int, Path]:
    """Run checks/health as docs/containers.md says: the exit code, and the mounted folder of the reports."""
    targets, reports = folder / "targets", folder / "reports"
    shutil.copytree(ROOT / "targets", targets)
    (targets / "public.pem").write_bytes(Path(system["STACK_PUBLIC_KEY_FILE"]).read_bytes())
    reports.mkdir()
    os.chown(reports, SOMEBODY, SOMEBODY)
    code, said = run_in(
        client,
        *("checks/health", "--target", f"targets/{NAME}.toml"),
        environment={**system, STARTED: NAME, "STACK_PUBLIC_KEY_FILE": "public.pem"},
        network="host",
        user=f"{SOMEBODY}:{SOMEBODY}",
        volumes=[f"{targets}:/suite/targets:ro", f"{reports}:/suite/reports"],
    )
    print(said)
    return code, reports


def test_the_suite_passes_in_it_and_its_reports_are_whose_who_ran_it(
    engine: docker.DockerClient, system: Mapping[str, str], tmp_path: Path
) -> None:
    code, reports = run_the_suite(engine, system, tmp_path)
    [run] = reports.iterdir()
    assert (code, read(run).judgement.verdict.name) == (0, "PASSED")
    assert {path.name for path in run.iterdir()} == {"run.jsonl", "junit.xml", "allure", "screenshots"}
    assert {path.stat().st_uid for path in run.rglob("*")} == {SOMEBODY}


@pytest.mark.parametrize("system", ["rls_off"], indirect=True)
def test_a_planted_defect_fails_in_it(engine: docker.DockerClient, system: Mapping[str, str], tmp_path: Path) -> None:
    code, reports = run_the_suite(engine, system, tmp_path)
    [run] = reports.iterdir()
    assert (code, read(run).judgement.verdict.name) == (1, "FAILED")


def test_its_healthcheck_turns_healthy_where_it_serves(engine: docker.DockerClient, system: Mapping[str, str]) -> None:
    run = Path(system["STACK_STATE"]).name
    found = engine.containers.list(filters={"ancestor": IMAGE, "label": RUN}, ignore_removed=True)
    serving = [one for one in found if one.labels[RUN].startswith(run) and one.attrs["Path"] == "python"]
    assert len(serving) == 2
    end = time.monotonic() + SECONDS
    while any(one.attrs["State"]["Health"]["Status"] == "starting" for one in serving) and time.monotonic() < end:
        time.sleep(POLL)
        for one in serving:
            one.reload()
    assert [one.attrs["State"]["Health"]["Status"] for one in serving] == ["healthy", "healthy"]
