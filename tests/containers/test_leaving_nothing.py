"""However a run ends, the engine holds afterwards what it held before."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from runbook.targets.engine import RUN, Engine
from stack.processes import POLL

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SECONDS = 60


class Runs:
    """Runs of checks against a target of this test's own name."""

    def __init__(self, client: docker.DockerClient, document: str, folder: Path) -> None:
        self.client = client
        self.name = f"leaving-{os.getpid()}-{time.monotonic_ns()}"
        self.folder = folder
        self.settings = folder / "container.toml"
        self.settings.write_text(re.sub(r'^name = "\w+"', f'name = "{self.name}"', document, flags=re.M), "utf-8")
        self.begun: list[subprocess.Popen[bytes]] = []

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        checks = arguments or ("checks/rls",)
        command = [sys.executable, "-m", "pytest", *checks, "--target", str(self.settings)]
        process = subprocess.Popen([*command, "--reports", str(self.folder / "reports")], cwd=ROOT)
        self.begun.append(process)
        return process

    def held(self) -> set[str]:
        """Containers and networks of these runs, and all volumes that were not there before."""
        containers = self.client.containers.list(all=True, filters={"label": RUN}, ignore_removed=True)
        networks = self.client.networks.list(filters={"label": RUN})
        of_ours = [one.id for one in (*containers, *networks) if self.is_ours(one.attrs)]
        return {str(one) for one in of_ours}

    def is_ours(self, attrs: dict[str, dict[str, dict[str, str]]]) -> bool:
        labels = attrs.get("Labels") or attrs.get("Config", {}).get("Labels", {})
        return str(labels[RUN]).startswith(self.name)

    def until(self, what: str, count: int) -> None:
        """Until so many containers and networks are held."""
        end = time.monotonic() + SECONDS
        while len(self.held()) != count:
            assert time.monotonic() < end, f"{what}: {len(self.held())}"
            time.sleep(POLL)

    def supervisor(self) -> psutil.Process:
        """The process that started the containers."""
        return next(one for one in psutil.process_iter() if f"{self.name}-{self.begun[0].pid}" in " ".join(words(one)))


def words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def runs(engine: docker.DockerClient, document: str, tmp_path: Path) -> Iterator[Runs]:
    found = Runs(engine, document, tmp_path)
    yield found
    for process in found.begun:
        process.kill()
        process.wait()


ALL = 4  # three containers and their network


def test_nothing_stays_after_a_run_that_passed(runs: Runs) -> None:
    volumes = {one.id for one in runs.client.volumes.list()}
    process = runs.begin()
    runs.until("it runs", ALL)
    of_ours = {one.id for one in runs.client.volumes.list()} - volumes
    assert process.wait(SECONDS) == 0
    assert runs.held() == set()
    assert of_ours
    assert not of_ours & {one.id for one in runs.client.volumes.list()}


def test_nothing_stays_after_a_run_that_failed(runs: Runs) -> None:
    text = runs.settings.read_text(encoding="utf-8")
    runs.settings.write_text(text.replace('"stack"]', '"stack", "--defect", "rls_off"]'), encoding="utf-8")
    assert runs.begin().wait(SECONDS) == 1
    assert runs.held() == set()


@pytest.mark.parametrize("when", [ALL, 2], ids=["while it runs", "while it starts"])
def test_nothing_stays_after_an_interruption(runs: Runs, when: int) -> None:
    process = runs.begin("checks/health")
    runs.until("it starts", when)
    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 2
    assert runs.held() == set()


def test_nothing_stays_when_the_run_alone_is_killed(runs: Runs) -> None:
    process = runs.begin("checks/health")
    runs.until("it runs", ALL)
    process.kill()
    runs.until("it is removed", 0)


def test_the_next_run_removes_what_was_killed_with_all_its_processes(runs: Runs) -> None:
    process = runs.begin("checks/health")
    runs.until("it runs", ALL)
    supervisor = runs.supervisor()
    process.kill()
    supervisor.kill()
    process.wait()
    supervisor.wait(SECONDS)
    left = runs.held()
    assert len(left) == ALL
    Engine(f"{runs.name}-next").close()
    assert runs.held() == set()


def test_two_runs_at_once_do_not_touch_each_other(runs: Runs) -> None:
    first, second = runs.begin(), runs.begin()
    assert (first.wait(SECONDS), second.wait(SECONDS)) == (0, 0)
    assert runs.held() == set()


def test_workers_share_what_the_controller_started(runs: Runs) -> None:
    since = int(time.time())
    assert runs.begin("checks/rls", "-n", "2").wait(SECONDS) == 0
    filters = {"type": "container", "event": "create"}
    events = runs.client.events(since=since, until=int(time.time()) + 1, filters=filters, decode=True)
    created = [event for event in events if str(event["Actor"]["Attributes"].get(RUN, "")).startswith(runs.name)]
    assert len(created) == ALL - 1
