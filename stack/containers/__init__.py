"""The reference system in containers: PostgreSQL from an image, API and Admin from the image that `make image` builds.

It hands back the same variables as `stack.supervisor`, and its parts stop and start alone in the same way. The
containers' logs are kept as the processes' are.
"""

from __future__ import annotations

import json
import secrets as random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runbook.errors import TargetError
from runbook.targets.engine import Engine
from stack import secrets
from stack.containers.database import Database
from stack.parts import NAMES, Parts, controlled
from stack.processes import DATABASE, GRACE
from stack.state import DEADLINE, StackError, State, claimed
from stack.supervisor import deployed_from, factories_with, healthy, reserved_ports, system_of, temporary

if TYPE_CHECKING:
    from docker.models.containers import Container
    from testcontainers.core.container import DockerContainer

HOME = "/home/runbook"
REPOSITORY = "/repository"
STATE = "/state"
"""Where API and Admin find the folder of the logs."""
KILLED = 137


class Images(NamedTuple):
    """What the system is made of, and the engine that runs it (None: where DOCKER_HOST says, or the usual one)."""

    database: str
    system: str
    engine: str | None = None


class Contained(NamedTuple):
    """A container of the system, and how it shows that it is ready."""

    container: Container
    ready: Callable[[], bool]


class ContainedParts(Parts):
    """Parts that are containers: the engine keeps their ports for them, and runs nothing of one that has stopped."""

    def __init__(self, state: State, engine: Engine) -> None:
        super().__init__(state)
        self._engine = engine
        self.contained: dict[str, Contained] = {}

    def ready(self, name: str) -> bool:
        """Whether the part runs and is ready."""
        return self._engine.runs(self.contained[name].container) and self.contained[name].ready()

    def start(self, name: str) -> None:
        """Start the part unless it runs, and wait until it is ready. Raises StackError."""
        container, ready = self.contained[name]
        if self._engine.runs(container):
            return
        since = time.time()
        try:
            self._engine.restart(container)
            self._engine.follow(container, self._state.logs / f"{NAMES[name]}.log", since)
            self._engine.wait(container, NAMES[name], ready, DEADLINE)
        except TargetError as error:
            raise StackError(str(error)) from error

    def stop(self, name: str) -> None:
        """Stop the part. Raises StackError when it had to be killed."""
        container = self.contained[name].container
        container.stop(timeout=round(GRACE))
        container.reload()
        if container.attrs["State"]["ExitCode"] == KILLED:
            raise StackError(f"{NAMES[name]} did not stop within {GRACE:.0f} s and was killed")


@contextmanager
def started(
    directory: Path, images: Images, *, defect: Path | None = None, stopping: threading.Event | None = None
) -> Iterator[dict[str, str]]:
    """The environment (STACK_*) of a system that runs as long as the context lasts, and then leaves only its logs.

    Raises StackError or TargetError when it does not start; nothing of it is left then either.
    """
    factories = factories_with(defect)
    with claimed(directory, stopping) as state, _engine(directory.name, images) as engine:
        with reserved_ports(3) as ports:
            published = dict(zip(NAMES, ports, strict=True))
            server = Database(engine, images.database, published["supabase"])
            secret = secrets.generate()
            keys = [state.write("private.pem", secret.private_key), state.write("public.pem", secret.public_key)]
            api_url = f"http://127.0.0.1:{published['api']}"
            environment = {
                "STACK_API_URL": api_url,
                "STACK_AUTH_URL": f"{api_url}/auth/v1",
                "STACK_ADMIN_URL": f"http://127.0.0.1:{published['admin']}",
                **_dsns(server),
                "STACK_JWT_SECRET": secret.jwt_secret,
                "STACK_PRIVATE_KEY_FILE": str(keys[0]),
                "STACK_PUBLIC_KEY_FILE": str(keys[1]),
                "STACK_ANON_KEY": secret.anon_key,
                "STACK_PASSWORD": secret.password,
                **deployed_from(state, defect),
                "STACK_STATE": str(state.directory),
                "STACK_DATABASE_LISTENS": server.listens,
                "STACK_API_TEMPORARY": str(temporary(state, "api") / "*"),
                "STACK_ADMIN_TEMPORARY": str(temporary(state, "admin") / "*"),
                "STACK_API_LOG": str(state.logs / "api.log"),
                "STACK_DATABASE_LOG": str(state.logs / f"{DATABASE}.log"),
            }
            engine.wait(server.container, DATABASE, server.ready, DEADLINE)
            since = time.time()
            log = state.logs / f"{DATABASE}.log"
            log.touch()
            log.chmod(0o666)  # as on a machine where whoever serves may write there
            engine.follow(server.container, log, since)
            server.build(secrets.hash_password(secret.password), defect)
            state.check_stopping()
            environment["STACK_DEPLOYED_AT"] = datetime.now(UTC).isoformat()
            inside = {
                **environment,
                **_dsns(server, f"{DATABASE}:5432"),
                "STACK_STATE": STATE,
                "STACK_DATABASE_LOG": f"{STATE}/{DATABASE}.log",
                "STACK_REPOSITORY": REPOSITORY,
                "GIT_CONFIG_COUNT": "1",  # somebody else's, as git sees it
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": REPOSITORY,
                "STACK_PRIVATE_KEY_FILE": f"{HOME}/private.pem",
                "STACK_PUBLIC_KEY_FILE": f"{HOME}/public.pem",
            }
            parts = ContainedParts(state, engine)
            parts.contained["supabase"] = Contained(server.container, server.ready)
            coming = {}
            with ThreadPoolExecutor(len(factories)) as side_by_side:
                for name, factory in factories.items():
                    folders = {str(state.logs): STATE, str(temporary(state, name)): "/tmp"}
                    folders[environment["STACK_REPOSITORY"]] = REPOSITORY
                    container = _serving(images.system, factory, inside, keys, folders)
                    coming[name] = side_by_side.submit(
                        engine.begin, container, name, {8000: published[name]}, entrypoint=["python", "-m", "uvicorn"]
                    )
            for name, beginning in coming.items():
                begun = beginning.result()
                engine.follow(begun, state.logs / f"{name}.log", since)
                parts.contained[name] = Contained(begun, partial(healthy, published[name]))
            for name in factories:
                engine.wait(parts.contained[name].container, name, parts.contained[name].ready, DEADLINE)
        if (system := system_of(defect)) is not None:
            system(parts)
        with controlled(parts) as environment["STACK_CONTROL"]:
            state.write("environment.json", json.dumps(environment, indent=2))
            yield environment


@contextmanager
def _engine(run: str, images: Images) -> Iterator[Engine]:
    engine = Engine(f"{run}-{random.token_hex(4)}", images.engine)
    try:
        yield engine
    finally:
        engine.close()


def _serving(
    image: str, factory: str, environment: Mapping[str, str], keys: Sequence[Path], folders: Mapping[str, str]
) -> DockerContainer:
    """API or Admin; `folders` are this machine's, and where each stands in the container."""
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(image).with_envs(**environment)
    for folder, inside in folders.items():
        Path(folder).chmod(0o777)  # whoever the container runs as writes there; the folder above is ours alone
        container.with_volume_mapping(folder, inside, "rw")
    for key in keys:
        container.with_copy_into_container(key, f"{HOME}/{key.name}")
    command = ["--factory", factory, "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--log-level", "warning"]
    return container.with_command(command)


def _dsns(server: Database, address: str | None = None) -> dict[str, str]:
    names = {"DATABASE": "postgres", "AUTHENTICATOR": "authenticator", "AUTH_ADMIN": "supabase_auth_admin"}
    return {f"STACK_{name}_DSN": server.dsn(role, address=address) for name, role in names.items()}
