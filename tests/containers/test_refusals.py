"""What the operator reads when containers cannot be had: what is wrong, where, and what to do."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.errors import TargetError
from runbook.targets import opened
from runbook.targets.engine import Engine

if TYPE_CHECKING:
    import docker

NOBODY = 65534
NONE = 3
"""What engine.sh ends with where there is no engine to be had."""


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Root may open everything: as root, without its rights for a moment."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def own(engine: docker.DockerClient) -> Iterator[Engine]:
    """An engine's run of this test's own, removed afterwards."""
    run = Engine(f"refusals-{os.getpid()}")
    yield run
    run.close()


def test_where_no_engine_answers_the_socket_is_named_and_nothing_else_is_started(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=rf"^no container engine answers at {tmp_path}/none \(.*\): start Docker or"):
        Engine("none", f"{tmp_path}/none")


def test_a_socket_that_may_not_be_opened_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("s") / "engine.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        path.chmod(0)
        with (
            as_somebody_else(),
            pytest.raises(TargetError, match=rf"^no permission on the engine's socket {path}: join"),
        ):
            Engine("denied", str(path))


@pytest.mark.slow
def test_a_target_without_an_engine_does_not_start_and_falls_back_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    target = Path(__file__).parents[2] / "targets" / "container.toml"
    with pytest.raises(TargetError, match=r"^the target did not start; the reason stands above$"), opened(target):
        pass
    assert "no container engine answers" in capfd.readouterr().err


@pytest.mark.slow
def test_an_image_that_cannot_be_pulled_is_named(own: Engine) -> None:
    from testcontainers.core.container import DockerContainer

    with pytest.raises(TargetError, match=r"^the image registry\.invalid/nothing:1 is not here and cannot be pulled"):
        own.begin(DockerContainer("registry.invalid/nothing:1"), "nothing", {})


@pytest.mark.slow
def test_a_port_that_is_taken_is_named(own: Engine) -> None:
    from testcontainers.core.container import DockerContainer

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TargetError, match=rf"^runbook-checks: a port is taken on this machine \({port};"):
            own.begin(DockerContainer("runbook-checks"), "taken", {8000: port})


@pytest.mark.slow
def test_a_container_that_ends_at_once_shows_the_end_of_its_log(own: Engine) -> None:
    from testcontainers.core.container import DockerContainer

    words = "print('its last words'); raise SystemExit(3)"
    container = own.begin(DockerContainer("runbook-checks"), "brief", {}, entrypoint=["python", "-c", words])
    with pytest.raises(TargetError, match=r"^brief ended with exit code 3 before it was ready: its last words$"):
        own.wait(container, "brief", lambda: False, 30)


@pytest.mark.slow
def test_a_database_whose_disk_is_full_shows_the_end_of_its_log(own: Engine) -> None:
    from testcontainers.core.container import DockerContainer

    server = DockerContainer("postgres:18").with_env("POSTGRES_PASSWORD", "none")
    server.with_tmpfs_mount("/var/lib/postgresql/data", "size=16m")
    container = own.begin(server, "full", {})
    with pytest.raises(TargetError, match=r"^full ended with exit code 1 before it was ready: .*No space left on dev"):
        own.wait(container, "full", lambda: False, 30)


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an engine of this test's own, whose disk has 32 MB; it has the image `tiny`."""
    folder = tmp_path_factory.mktemp("s")
    data = folder / "data"
    data.mkdir()
    if shutil.which("dockerd") is None:
        pytest.skip("not run: no dockerd to be started")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", data], capture_output=True).returncode:
        pytest.skip("not run: no disk can be mounted")
    script = Path(__file__).parents[2] / "stack" / "containers" / "engine.sh"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/docker.sock")
    try:
        # The rules of the network are those of the machine's other engine.
        if subprocess.run([script, "start", folder, "--iptables=false"]).returncode == NONE:
            pytest.skip("not run: no other engine can be started here")
        subprocess.run(["docker", "import", "-", "tiny"], input=bytes(1024), stdout=subprocess.DEVNULL, check=True)
        yield folder
    finally:
        subprocess.run([script, "stop", folder], check=True)


@pytest.mark.slow
def test_a_full_disk_is_told_as_one(small: Path) -> None:
    from testcontainers.core.container import DockerContainer

    def begin() -> None:
        engine.begin(DockerContainer("tiny").with_command("nothing"), "tiny", {})

    engine = Engine("full")
    filler = small / "data" / "filler"
    try:
        for what in ("the network", "tiny"):
            subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=4k"], stderr=subprocess.DEVNULL)
            with pytest.raises(TargetError, match=rf"^{what}: the disk is full where the engine keeps its containers"):
                begin()
            filler.unlink()
            with pytest.raises(TargetError, match=r"^tiny: the engine refused it"):  # it has no program
                begin()
    finally:
        engine.close()
