"""Podman's socket in Docker's place: the same verdicts, the same words, and nothing stays."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.errors import TargetError
from runbook.targets.engine import Engine
from stack.processes import POLL

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SECONDS = 60
# For a machine without systemd, and a root that may not raise limits, as Podman does unasked.
SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
"""


class Podman:
    """Podman with all of its own below a folder, and its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        settings = folder / "containers.conf"
        settings.write_text(SETTINGS, encoding="utf-8")
        self.environment = {**os.environ, "CONTAINERS_CONF": str(settings)}
        places = {"root": "root", "runroot": "run", "tmpdir": "tmp", "network-config-dir": "networks"}
        self.command = ["podman", "--storage-driver=overlay", *(f"--{n}={folder / at}" for n, at in places.items())]

    def told(self, *arguments: str | Path) -> list[str]:
        """What it answers, by line. Raises CalledProcessError."""
        command = [*self.command, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def held(self) -> list[str]:
        """Containers, volumes, and networks beside its own."""
        return self.told("ps", "-aq") + self.told("volume", "ls", "-q") + self.told("network", "ls", "-q")[1:]


@pytest.fixture
def podman(engine: docker.DockerClient) -> Iterator[Podman]:
    """Podman that serves its socket and has the images of Docker."""
    if os.geteuid() != 0 or shutil.which("podman") is None or shutil.which("runc") is None:
        pytest.skip("not run: it needs root, podman and runc")
    folder = Path(tempfile.mkdtemp(prefix="podman-"))  # Podman refuses a longer path
    found = Podman(folder)
    serving = [*found.command, "system", "service", "--time=0", f"unix://{found.socket}"]
    images = folder / "images.tar"
    try:
        subprocess.run(["docker", "save", "-o", images, "postgres:18", "runbook-checks"], check=True)
        found.told("load", "-q", "-i", images)
        images.unlink()
        try:
            found.told("run", "--rm", "--entrypoint=true", "runbook-checks")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"not run: Podman runs no container here ({error.stderr.strip().splitlines()[-1]})")
        log = (folder / "log").open("wb")
        with log, subprocess.Popen(serving, env=found.environment, stdout=log, stderr=log) as service:
            try:
                while not found.socket.exists():
                    assert service.poll() is None, (folder / "log").read_text(encoding="utf-8")
                    time.sleep(POLL)
                yield found
            finally:
                service.kill()  # it would wait for whoever is still connected
    finally:
        found.told("rm", "--all", "--force", "--volumes")
        subprocess.run([ROOT / "stack" / "containers" / "engine.sh", "stop", folder], check=True)  # what is mounted
        shutil.rmtree(folder)


def verified(podman: Podman, document: str, folder: Path, *checks: str) -> subprocess.CompletedProcess[str]:
    """A run of checks; nothing is left by it, and nothing was amiss in it but what they found."""
    settings = folder / "container.toml"
    settings.write_text(document, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *checks, "--target", str(settings), "--reports", str(folder / "reports")]
    environment = {**os.environ, "DOCKER_HOST": f"unix://{podman.socket}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.stderr == ""
    assert podman.held() == []
    return done


# One test: two of these at once would take the same network for theirs.
def test_podman_takes_the_place_of_docker(
    podman: Podman, document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = verified(podman, document, tmp_path, "checks/rls", "checks/health")
    assert done.returncode == 0, done.stdout
    planted = document.replace('"stack"]', '"stack", "--defect", "rls_off"]')
    done = verified(podman, planted, tmp_path, "checks/health/test_database.py")
    assert done.returncode == 1, done.stdout
    assert "RLS is off on public.enrollments" in done.stdout
    monkeypatch.setenv("DOCKER_HOST", "")  # back to what it was, for the engine sets it
    assert_it_refuses_in_words(Engine("podman", str(podman.socket)))
    assert podman.held() == []


def assert_it_refuses_in_words(engine: Engine) -> None:
    from testcontainers.core.container import DockerContainer

    try:
        with pytest.raises(TargetError, match=r"^the image registry\.invalid/nothing:1 is not here and cannot be pul"):
            engine.begin(DockerContainer("registry.invalid/nothing:1"), "nothing", {})
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(TargetError, match=rf"^runbook-checks: a port is taken on this machine \({port};"):
                engine.begin(DockerContainer("runbook-checks"), "taken", {8000: port})
    finally:
        engine.close()
