"""A container engine: Docker's, or one that speaks its language, as Podman's socket does.

Whatever is made carries labels: of which run, and by which process of which machine. What a process left that is no
more is removed by the next that comes; so nothing stays, however a run ends. Ryuk helps where its image is there.
"""

from __future__ import annotations

import os
import platform
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from runbook.errors import TargetError

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container
    from testcontainers.core.container import DockerContainer

RUN = "runbook.run"
OWNER = "runbook.owner"
HOST = platform.node()
CLOCK_SECONDS = 2
POLL_SECONDS = 0.02
LAST_LINES = 5
DEFAULT_SOCKET = "unix:///var/run/docker.sock"
# What an engine answers is told apart by its words: it has no codes for these.
FULL = "no space left on device"
TAKEN = ("port is already allocated", "address already in use")


class Engine:
    """What one run has made in the engine."""

    def __init__(self, run: str, address: str | None = None) -> None:
        """Raises TargetError where no engine answers at `address`, DOCKER_HOST or the usual socket."""
        self.address = _reached(address)
        os.environ["DOCKER_HOST"] = self.address
        # Imported here: half a second, which only those pay who use containers.
        import docker
        from testcontainers.core.config import testcontainers_config
        from testcontainers.core.network import Network

        self._client = docker.from_env()
        self._labels = {RUN: run, OWNER: _owner()}
        self._sweep()
        testcontainers_config.ryuk_disabled = not self._client.images.list(testcontainers_config.ryuk_image)
        with self.told("the network"):
            self._network = Network(docker_network_kw={"labels": self._labels}).create()
        self._followers: list[threading.Thread] = []

    def begin(self, container: DockerContainer, name: str, published: dict[int, int], **more: object) -> Container:
        """Start a container that the others of this run know by `name`; `published` are its ports, and those of this
        machine's loopback address that lead there; `more` is what else the engine is told. Raises TargetError."""
        container.with_network(self._network).with_network_aliases(name)
        container.with_kwargs(labels=self._labels, **more)
        # The library would publish on every address of the machine.
        ports: dict[str, Any] = container.ports
        ports.clear()
        ports.update({f"{inner}/tcp": ("127.0.0.1", outer) for inner, outer in published.items()})
        with self.told(container.image, name, *map(str, published.values())):
            container.start()
        return container.get_wrapped_container()

    def restart(self, container: Container) -> None:
        """Start a container again that was stopped. Raises TargetError."""
        with self.told(str(container.name)):
            container.start()

    def runs(self, container: Container) -> bool:
        """Whether it runs."""
        container.reload()
        return bool(container.status == "running")

    def wait(self, container: Container, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Poll until ready. Raises TargetError with the end of the log when it ends first, or after `seconds`."""
        end = time.monotonic() + seconds
        while not ready():
            if not self.runs(container):
                code = container.attrs["State"]["ExitCode"]
                raise TargetError(f"{name} ended with exit code {code} before it was ready: {last_lines(container)}")
            if time.monotonic() > end:
                raise TargetError(f"{name} was not ready within {seconds:.0f} s: {last_lines(container)}")
            time.sleep(POLL_SECONDS)

    def follow(self, container: Container, log: Path, since: float) -> None:
        """Keep what it says from then on (a time of the engine's clock) in a file, until it stops."""

        def copy() -> None:
            with log.open("ab", buffering=0) as kept:
                for chunk in container.logs(stream=True, follow=True, since=since):
                    kept.write(chunk)

        follower = threading.Thread(target=copy, daemon=True)
        follower.start()
        self._followers.append(follower)

    def close(self) -> None:
        """Remove everything of this run, and read its logs to the end."""
        _remove(self._client, f"{RUN}={self._labels[RUN]}", lambda _: True)
        for follower in self._followers:
            follower.join(POLL_SECONDS * 50)
        self._client.close()

    def _sweep(self) -> None:
        _remove(self._client, OWNER, _is_orphan)

    @contextmanager
    def told(self, *what: str) -> Iterator[None]:
        """What the engine refuses, in words for the operator."""
        from docker.errors import DockerException

        try:
            yield
        except DockerException as error:
            _refused(what, error)


def last_lines(container: Container) -> str:
    """The end of what it said."""
    said = container.logs(tail=LAST_LINES).decode(errors="replace").strip()
    return " | ".join(said.splitlines()) or "it said nothing"


def _refused(what: tuple[str, ...], error: Exception) -> NoReturn:
    from docker.errors import APIError, ImageNotFound

    told = str(getattr(error, "explanation", None) or error)
    if FULL in told.lower():
        raise TargetError(f"{what[0]}: the disk is full where the engine keeps its containers ({told})") from None
    if any(words in told.lower() for words in TAKEN):
        raise TargetError(f"{what[0]}: a port is taken on this machine ({', '.join(what[2:])}; {told})") from None
    if isinstance(error, ImageNotFound) or (isinstance(error, APIError) and "/images/create" in str(error)):
        raise TargetError(
            f"the image {what[0]} is not here and cannot be pulled ({told}): name another, or load it (docker load)"
        ) from None
    raise TargetError(f"{what[0]}: the engine refused it ({told})") from None


def _reached(address: str | None) -> str:
    """The engine's address, once something has taken a connection there: the library's own errors name nothing."""
    found = address if address is not None else os.environ.get("DOCKER_HOST", DEFAULT_SOCKET)
    found = f"unix://{found}" if found.startswith("/") else found
    if not found.startswith("unix://"):
        return found
    path = found.removeprefix("unix://")
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
    except PermissionError:
        raise TargetError(
            f"no permission on the engine's socket {path}: join the group that owns it, or name the socket of an"
            " engine of your own (container.engine)"
        ) from None
    except OSError as error:
        raise TargetError(
            f"no container engine answers at {path} ({error.strerror}): start Docker or Podman, or name its socket"
            " (container.engine, or DOCKER_HOST)"
        ) from None
    return found


def _owner() -> str:
    import psutil

    return f"{HOST} {os.getpid()} {psutil.Process().create_time()}"


def _is_orphan(labels: dict[str, str]) -> bool:
    """Whether who made it was of this machine, and is no more."""
    import psutil

    try:
        host, pid, born = labels[OWNER].rsplit(" ", 2)
        if host != HOST:
            return False
        return abs(psutil.Process(int(pid)).create_time() - float(born)) > CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return True
    except (ValueError, KeyError):
        return False


def _remove(client: docker.DockerClient, label: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Containers with their own volumes, then networks and volumes. What somebody else has just removed is gone."""
    from docker.errors import APIError

    for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        if wanted(container.labels):
            with suppress(APIError):
                container.remove(force=True, v=True)
    for network in client.networks.list(filters={"label": label}):
        if wanted(network.attrs["Labels"]):
            with suppress(APIError):
                network.remove()
