"""Where the engine has the image of Ryuk, it removes what a killed process has left; without it, nothing is amiss.

Ryuk's own image is in a registry. This one speaks its language (https://github.com/testcontainers/moby-ryuk): a line is
a filter, answered by ACK; when nobody is connected any more, what matches is removed.
"""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from runbook.targets.engine import RUN, Engine
from stack.processes import POLL

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.slow
SECONDS = 30
RYUK = """
import contextlib, os, socket, time, urllib.parse
import docker

if os.environ["RYUK_RECONNECTION_TIMEOUT"] == "deaf":
    print("Started!", flush=True)
    time.sleep(60)
server = socket.create_server(("", 8080))
print("Started!", flush=True)
filters = []
connection, _ = server.accept()
with contextlib.suppress(ConnectionResetError):
    for line in connection.makefile("rb"):
        filters.append(urllib.parse.parse_qs(line.decode().strip()))
        connection.send(b"ACK\\n")
time.sleep(float(os.environ["RYUK_RECONNECTION_TIMEOUT"].rstrip("s")))
client = docker.from_env()
for one in filters:
    for container in client.containers.list(all=True, filters=one):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=one):
        network.remove()
"""
DOCKERFILE = """
FROM runbook-checks
LABEL runbook.image=ryuk
USER root
HEALTHCHECK NONE
COPY ryuk.py /
ENTRYPOINT ["python", "/ryuk.py"]
"""
# What it leaves is owned by a process of another machine, so no other run removes it. Ryuk is in a network of these
# tests, for their engine may have none of its own; and the library would speak to it before this one can listen.
PROCESS = """
import os, signal, sys, types
import runbook.targets.engine
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

named = DockerContainer.with_name
network = types.SimpleNamespace(name=sys.argv[2])
started = LogMessageWaitStrategy("Started")
DockerContainer.with_name = lambda self, name: named(self, name).with_network(network).waiting_for(started)
runbook.targets.engine.owner = lambda: "runbook-00000000-1-100"
engine = runbook.targets.engine.Engine(sys.argv[1])
engine.begin(DockerContainer("postgres:18").with_env("POSTGRES_PASSWORD", "none"), "begun", {})
print("begun", flush=True)
if sys.stdin.read() != "close":
    os.kill(os.getpid(), signal.SIGKILL)
engine.close()
"""


@pytest.fixture(scope="module")
def ryuk(engine: docker.DockerClient) -> Iterator[str]:
    """The name of its image, which nobody else's run knows, and of a network."""
    name = f"ryuk-of-tests-{os.getpid()}"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for path, text in {"Dockerfile": DOCKERFILE, "ryuk.py": RYUK}.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    context.seek(0)
    network = engine.networks.create(name)
    try:
        engine.images.build(fileobj=context, custom_context=True, tag=name, rm=True, forcerm=True)
        yield name
    finally:
        for left in engine.containers.list(all=True, filters={"network": name}, ignore_removed=True):
            left.remove(force=True)
        network.remove()
        engine.images.remove(name)


class Watched:
    """A process that begins a container, and closes its engine or kills itself when it is told to."""

    def __init__(self, client: docker.DockerClient, image: str) -> None:
        self.client = client
        self.image = image
        self.run = f"ryuk-{os.getpid()}-{time.monotonic_ns()}"
        self.volumes: set[str] = set()

    @contextmanager
    def begun(self, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """The process, once its container has begun; nothing of it is left."""
        settings = {
            "RYUK_CONTAINER_IMAGE": self.image,
            "RYUK_RECONNECTION_TIMEOUT": "1s",
            "TESTCONTAINERS_RYUK_DISABLED": "false",
            # Also where the library takes this machine for a container.
            "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
            "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
            **environment,
        }
        with subprocess.Popen(
            [sys.executable, "-c", PROCESS, self.run, self.image],
            env={**os.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "begun\n"
                yield process
            finally:
                process.kill()
                Engine(self.run).close()

    def held(self) -> set[str]:
        """Its container, its network, the volumes seen whenever this was asked, and Ryuk: all of that network."""
        containers = self.client.containers.list(all=True, filters={"label": f"{RUN}={self.run}"}, ignore_removed=True)
        mounts = [mount for one in containers for mount in one.attrs["Mounts"]]
        self.volumes |= {mount["Name"] for mount in mounts if mount["Type"] == "volume"}
        ryuk = self.client.containers.list(all=True, filters={"network": self.image}, ignore_removed=True)
        networks = self.client.networks.list(filters={"label": f"{RUN}={self.run}"})
        volumes = {str(one.id) for one in self.client.volumes.list()}
        return {str(one.id) for one in (*containers, *ryuk, *networks)} | self.volumes & volumes


WITHOUT = "without Ryuk, which does not watch: "
ALL = 4  # a container with its volume, the network, and Ryuk


@pytest.fixture
def watched(engine: docker.DockerClient, ryuk: str) -> Watched:
    return Watched(engine, ryuk)


def test_ryuk_removes_what_a_killed_process_has_left(watched: Watched) -> None:
    with watched.begun() as process:
        assert len(watched.held()) == ALL
        process.communicate("kill")
        assert process.returncode == -signal.SIGKILL
        end = time.monotonic() + SECONDS
        while left := watched.held():
            assert time.monotonic() < end, left
            time.sleep(POLL)


def test_ryuk_goes_with_the_process_that_it_watched(watched: Watched) -> None:
    with watched.begun() as process:
        assert len(watched.held()) == ALL
        assert process.communicate("close") == ("", "")
        assert process.returncode == 0
        assert watched.held() == set()


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("TESTCONTAINERS_RYUK_DISABLED", "true", ""),
        ("TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE", "/dev/null/none", rf"{WITHOUT}.*/dev/null.*\n"),
        ("RYUK_RECONNECTION_TIMEOUT", "deaf", rf"{WITHOUT}(it did not answer|.*reset by peer)\n"),
    ],
    ids=["not wanted", "not started", "not heard"],
)
def test_a_ryuk_that_does_not_watch_does_not_end_the_run(
    watched: Watched, setting: str, value: str, words: str
) -> None:
    with watched.begun(**{setting: value}) as process:
        assert len(watched.held()) == ALL - 1
        _, errors = process.communicate("close")
        assert re.fullmatch(words, errors)
        assert process.returncode == 0
        assert watched.held() == set()
