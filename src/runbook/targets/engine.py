"""A container engine: Docker's, or one that speaks its language, as Podman's socket does.

Whatever is made carries labels: of which run, and by which process of which machine. What a process left that is no
more is removed by the next that comes; so nothing stays, however a run ends. Ryuk helps where its image is there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from runbook.errors import TargetError
from runbook.evidence.redact import Redactor

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.network import Network

RUN = "runbook.run"
OWNER = "runbook.owner"
PROJECT = "com.docker.compose.project"
"""What compose programs put on all that they make."""
HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
CENTI = 100
OWNED = re.compile(r"runbook-([0-9a-f]{8})-(\d+)-(\d+)")
"""How a label and a compose project's name tell their owner: machine, process, birth in hundredths of a second."""
BUILT = re.compile(rf"(?:localhost/)?({OWNED.pattern})[-_].+")
"""How compose programs name an image that they have built and that the file gives no name."""
CLOCK_SECONDS = 2
POLL_SECONDS = 0.02
LAST_LINES = 5
ENDED = ("exited", "dead")
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

        self.redactor = Redactor()
        self._client = docker.from_env()
        self._labels = {RUN: run, OWNER: owner()}
        self._sweep()
        testcontainers_config.ryuk_disabled |= not self._client.images.list(testcontainers_config.ryuk_image)
        self._made = threading.Lock()
        self._network: Network | None = None
        self._followers: list[threading.Thread] = []

    def begin(self, container: DockerContainer, name: str, published: dict[int, int], **more: object) -> Container:
        """Start a container that the others of this run know by `name`; `published` are its ports, and those of this
        machine's loopback address that lead there; `more` is what else the engine is told. Raises TargetError."""
        container.with_network(self._connected()).with_network_aliases(name)
        container.with_kwargs(labels=self._labels, **more)
        # The library would publish on every address of the machine.
        ports: dict[str, Any] = container.ports
        ports.clear()
        ports.update({f"{inner}/tcp": ("127.0.0.1", outer) for inner, outer in published.items()})
        with self.told(container.image, name, *map(str, published.values())):
            container.start()
        return container.get_wrapped_container()

    def _connected(self) -> Network:
        """The network of this run, made by the first that needs it."""
        from testcontainers.core.network import Network

        with self._made:
            if self._network is None:
                _watched()
                with self.told("the network"):
                    self._network = Network(docker_network_kw={"labels": self._labels}).create()
            return self._network

    def of_project(self, project: str) -> list[Container]:
        """The containers that a compose program has made under this name; not what it ran only once."""
        listed = self._client.containers.list(all=True, filters={"label": f"{PROJECT}={project}"}, ignore_removed=True)
        return [one for one in listed if one.labels.get("com.docker.compose.oneoff") != "True"]

    def remove_project(self, project: str) -> None:
        """Remove its containers, networks and volumes, and the images that were built for it alone."""
        _remove(self._client, PROJECT, project.__eq__)
        _remove_images(self._client, project.__eq__)

    def restart(self, container: Container) -> None:
        """Start a container again that was stopped. Raises TargetError."""
        with self.told(str(container.name)):
            container.start()

    def runs(self, container: Container) -> bool:
        """Whether it runs."""
        container.reload()
        return bool(container.status == "running")

    def wait(
        self, container: Container, name: str, ready: Callable[[], bool], seconds: float, since: float | None = None
    ) -> None:
        """Poll until ready. Raises TargetError with the end of the log when it ends first, or `seconds` after `since`
        (a time of the monotonic clock; now, where there is none)."""
        end = (time.monotonic() if since is None else since) + seconds
        while not ready():
            if not self.runs(container) and container.status in ENDED:
                code = container.attrs["State"]["ExitCode"]
                raise TargetError(f"{name} ended with exit code {code} before it was ready: {self.last(container)}")
            if time.monotonic() > end:
                raise TargetError(f"{name} was not ready within {seconds:.0f} s: {self.last(container)}")
            time.sleep(POLL_SECONDS)

    def last(self, container: Container) -> str:
        """The end of what it said, without secrets."""
        said = container.logs(tail=LAST_LINES).decode(errors="replace").strip()
        return " | ".join(self.redactor.text(said).splitlines()) or "it said nothing"

    def follow(
        self, container: Container, log: Path, since: float | None = None, redactor: Redactor | None = None
    ) -> None:
        """Keep what it says, from the start or from then on (a time of the engine's clock), until it stops."""
        from docker.errors import APIError

        def copy() -> None:
            # Podman answers with the first line; to who waits for it until the container is gone, with an error.
            with log.open("ab", buffering=0) as kept, suppress(APIError):
                for chunk in container.logs(stream=True, follow=True, since=since):
                    if redactor is not None:  # an entry at a time: the engine does not cut them
                        said = redactor.text(chunk.decode("utf-8", "surrogateescape"))
                        chunk = said.encode("utf-8", "surrogateescape")
                    kept.write(chunk)

        follower = threading.Thread(target=copy, daemon=True)
        follower.start()
        self._followers.append(follower)

    def close(self) -> None:
        """Remove everything of this run, and read its logs to the end."""
        _remove(self._client, RUN, self._labels[RUN].__eq__)
        for follower in self._followers:
            follower.join(POLL_SECONDS * 50)
        self._client.close()

    def _sweep(self) -> None:
        for label in (OWNER, PROJECT):
            _remove(self._client, label, _is_orphan)
        _remove_images(self._client, _is_orphan)

    @contextmanager
    def told(self, *what: str) -> Iterator[None]:
        """What the engine refuses, in words for the operator."""
        from docker.errors import DockerException

        try:
            yield
        except DockerException as error:
            _refused(what, error)


def in_words(what: str, told: str, ports: str = "", otherwise: str = "the engine refused it") -> str:
    """What an engine has told, also through a compose program, with what it means in front where that is known."""
    if FULL in told.lower():
        return f"{what}: the disk is full where the engine keeps its containers ({told})"
    if any(words in told.lower() for words in TAKEN):
        return f"{what}: a port is taken on this machine ({f'{ports}; ' if ports else ''}{told})"
    return f"{what}: {otherwise} ({told})"


def _refused(what: tuple[str, ...], error: Exception) -> NoReturn:
    from docker.errors import APIError, ImageNotFound

    told = str(getattr(error, "explanation", None) or error)
    pulled = isinstance(error, ImageNotFound) or (isinstance(error, APIError) and "/images/create" in str(error))
    if pulled and FULL not in told.lower():
        raise TargetError(
            f"the image {what[0]} is not here and cannot be pulled ({told}): name another, or load it (docker load)"
        ) from None
    raise TargetError(in_words(what[0], told, ", ".join(what[2:]))) from None


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


def _watched() -> None:
    """Have Ryuk watch, where it is not disabled. It only helps: where it cannot, the run goes on without."""
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import Reaper

    if not testcontainers_config.ryuk_disabled:
        try:
            Reaper.get_instance()
            # The engine takes the connection also where Ryuk does not listen yet, and the library does not look.
            if Reaper._socket is None or not Reaper._socket.recv(3):
                raise ConnectionError("it did not answer")
        except Exception as error:  # of the engine's, the library's, or a socket's
            print(f"without Ryuk, which does not watch: {error}", file=sys.stderr)
            Reaper.delete_instance()
            testcontainers_config.ryuk_disabled = True


def owner() -> str:
    """This process, for the label and as a compose project's name: of what such a name may have, and nothing else."""
    import psutil

    return f"runbook-{HOST}-{os.getpid()}-{psutil.Process().create_time() * CENTI:.0f}"


def _is_orphan(owned: str) -> bool:
    """Whether it tells an owner of this machine that is no more."""
    import psutil

    found = OWNED.fullmatch(owned)
    if found is None or found[1] != HOST:
        return False
    try:
        return abs(psutil.Process(int(found[2])).create_time() - int(found[3]) / CENTI) > CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return True


def _remove(client: docker.DockerClient, label: str, wanted: Callable[[str], bool]) -> None:
    """Containers with their own volumes, then networks and volumes, whose label has a value that is wanted. What
    somebody else has just removed is gone."""
    from docker.errors import APIError

    labelled: dict[str, str | list[str] | bool] = {"label": label}
    for container in client.containers.list(all=True, filters=labelled, ignore_removed=True):
        if wanted(container.labels[label]):
            with suppress(APIError):
                container.remove(force=True, v=True)
    for network in client.networks.list(filters=labelled):
        if wanted(network.attrs["Labels"][label]):
            with suppress(APIError):
                network.remove()
    for volume in client.volumes.list(filters=labelled):
        if wanted(volume.attrs["Labels"][label]):
            with suppress(APIError):
                volume.remove()


def _remove_images(client: docker.DockerClient, wanted: Callable[[str], bool]) -> None:
    """Images that were built for a project whose name is wanted."""
    from docker.errors import APIError

    for image in client.api.images(filters={"reference": "runbook-*-*-*"}):
        for tag in image["RepoTags"] or ():
            if (built := BUILT.fullmatch(tag)) is not None and wanted(built[1]):
                with suppress(APIError):
                    client.api.remove_image(tag)
