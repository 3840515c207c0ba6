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
LOOK = 0.2  # seconds


class Runs:
    """Runs of checks against a target of this test's own name."""

    def __init__(self, client: docker.DockerClient, document: str, folder: Path) -> None:
        self.client = client
        self.name = f"leaving-{os.getpid()}-{time.monotonic_ns()}"
        self.folder = folder
        self.settings = folder / "container.toml"
        self.settings.write_text(re.sub(r'^name = "\w+"', f'name = "{self.name}"', document, flags=re.M), "utf-8")
        self.begun: list[subprocess.Popen[bytes]] = []
        self.volumes: set[str] = set()

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        checks = arguments or ("checks/rls",)
        command = [sys.executable, "-m", "pytest", *checks, "--target", str(self.settings)]
        process = subprocess.Popen([*command, "--reports", str(self.folder / "reports")], cwd=ROOT)
        self.begun.append(process)
        return process

    def held(self) -> set[str]:
        """Containers and networks of these runs, and the volumes that their containers had whenever this was asked."""
        containers = self.client.containers.list(all=True, filters={"label": RUN}, ignore_removed=True)
        networks = self.client.networks.list(filters={"label": RUN})
        of_ours = [one for one in (*containers, *networks) if self.is_ours(one.attrs)]
        mounts = [mount for one in of_ours for mount in one.attrs.get("Mounts", ())]
        self.volumes |= {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
        return {str(one.id) for one in of_ours} | self.volumes & {str(one.id) for one in self.client.volumes.list()}

    def is_ours(self, attrs: dict[str, dict[str, dict[str, str]]]) -> bool:
        labels = attrs.get("Labels") or attrs.get("Config", {}).get("Labels", {})
        return str(labels[RUN]).startswith(self.name)

    def until(self, what: str, count: int) -> None:
        """Until so many containers, networks and volumes are held."""
        end = time.monotonic() + SECONDS
        while len(self.held()) != count:
            assert time.monotonic() < end, f"{what}: {len(self.held())}"
            time.sleep(POLL)

    def codes(self) -> list[int | None]:
        """The exit codes of all that was begun, whose volumes have been seen meanwhile."""
        end = time.monotonic() + SECONDS
        while any(process.poll() is None for process in self.begun):
            assert time.monotonic() < end
            self.held()
            time.sleep(LOOK)
        assert len(self.volumes) == len(self.begun)
        return [process.returncode for process in self.begun]

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


CONTAINERS = 3
ALL = 5  # three containers, the database's volume, and their network


def test_nothing_stays_after_a_run_that_passed(runs: Runs) -> None:
    runs.begin()
    assert runs.codes() == [0]
    assert runs.held() == set()


def test_nothing_stays_after_a_run_that_failed(runs: Runs) -> None:
    text = runs.settings.read_text(encoding="utf-8")
    runs.settings.write_text(text.replace('"stack"]', '"stack", "--defect", "rls_off"]'), encoding="utf-8")
    runs.begin()
    assert runs.codes() == [1]
    assert runs.held() == set()


@pytest.mark.parametrize("when", [ALL, 3], ids=["while it runs", "while it starts"])
def test_nothing_stays_after_an_interruption(runs: Runs, when: int) -> None:
    process = runs.begin("checks/health")
    runs.until("it starts", when)
    process.send_signal(signal.SIGINT)
    assert runs.codes() == [2]
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
    runs.begin()
    runs.begin()
    assert runs.codes() == [0, 0]
    assert runs.held() == set()


def test_workers_share_what_the_controller_started(runs: Runs) -> None:
    since = int(time.time())
    assert runs.begin("checks/rls", "-n", "2").wait(SECONDS) == 0
    filters = {"type": "container", "event": "create"}
    events = runs.client.events(since=since, until=int(time.time()) + 1, filters=filters, decode=True)
    created = [event for event in events if str(event["Actor"]["Attributes"].get(RUN, "")).startswith(runs.name)]
    assert len(created) == CONTAINERS
