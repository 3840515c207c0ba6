"""`python -m runbook.targets.compose --state DIR --file FILE`: a team's own compose file, as a target that is started.

A compose program starts it, under a project name that tells its owner. What it made is then found by the label that
such programs put on it: so readiness, published ports, logs and removal are the engine's affair.
It keeps the seam of every `start.command`: it prints one line of variables, and stops when it is asked to.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import string
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.children import end_with_parent, kill
from runbook.errors import RunbookError, TargetError
from runbook.targets import engine
from runbook.targets.engine import Engine

if TYPE_CHECKING:
    from docker.models.containers import Container

SERVICE = "com.docker.compose.service"
POLL_SECONDS = 0.2
SETTLE_SECONDS = 2
"""What the engine was asked for by a program that was killed, it still makes."""
LAST_LINES = 5
STEADY_SECONDS = 1
"""What has no healthcheck counts as ready once it has run so long without ending or starting again."""
REFERENCE = re.compile(r"\$\{?(\w+)")
SECRET = re.compile("pass|secret|token|key", re.IGNORECASE)
"""Names of variables whose values no message and no log may show."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 after an orderly stop, 1 when the system did not start."""
    parser = argparse.ArgumentParser(prog="python -m runbook.targets.compose", description="Start a compose file.")
    parser.add_argument("--state", metavar="DIR", type=Path, required=True, help="a folder for logs")
    parser.add_argument("--file", type=Path, required=True, help="the compose file")
    parser.add_argument("--seconds", type=float, required=True, help="within which all of it must be ready")
    parser.add_argument("--variable", metavar="NAME=TEXT", action="append", default=[], help="to hand back")
    parser.add_argument("--engine", metavar="SOCKET", help="the container engine's socket")
    parser.add_argument("--detached", action="store_true", help="outlive the end of standard input")
    options = parser.parse_args(arguments)
    stopping = threading.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda *_: stopping.set())
    if not options.detached:
        end_with_parent(stopping)
    texts = dict(text.split("=", 1) for text in options.variable)
    try:
        with started(options.state, options.file, texts, options.engine, options.seconds, stopping) as variables:
            with suppress(OSError):  # nobody reads: the parent is gone, and the end of standard input will tell
                os.write(sys.stdout.fileno(), f"{json.dumps(variables)}\n".encode())
            stopping.wait()
    except RunbookError as error:
        print(f"compose: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def started(
    state: Path, file: Path, texts: Mapping[str, str], address: str | None, seconds: float, stopping: threading.Event
) -> Iterator[dict[str, str]]:
    """The variables of a system that runs as long as the context lasts, and then leaves only its logs.

    Raises TargetError when it does not start; nothing of it is left then either.
    """
    if not file.is_file():
        raise TargetError(f"container.compose: there is no file {file.absolute()}")
    program = _program()
    project = engine.owner()
    logs = state / "logs"
    shutil.rmtree(logs, ignore_errors=True)  # of the one that had this number before
    logs.mkdir(mode=0o700, parents=True)
    run = Engine(project, address)
    for name in REFERENCE.findall(file.read_text(encoding="utf-8", errors="replace") + " ".join(texts.values())):
        run.redactor.add(os.environ.get(name, ""))
    try:
        begun = time.monotonic()
        with run.told(project):
            _up(run, project, [*program, "-p", project, "-f", str(file)], seconds, stopping)
            containers = _by_service(run.of_project(project))
            _know_secrets(run, containers.values())
            for name, container in containers.items():
                run.follow(container, logs / f"{name}.log", redactor=run.redactor)
            seen = {_life(container): time.monotonic() for container in containers.values()}
            for name, container in containers.items():
                run.wait(container, name, partial(_is_ready, container, seen, stopping), seconds, begun)
            known = {"COMPOSE_PROJECT": project, **_published(containers)}
        yield {**known, **_filled_in(texts, known)}
    finally:
        run.remove_project(project)
        run.close()


def _program() -> Sequence[str]:
    """The compose program that is there: either works with whatever engine DOCKER_HOST names, Podman's too.

    Raises TargetError.
    """
    plugin = ("docker", "compose")
    if shutil.which("docker") and not subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode:
        return plugin
    if shutil.which("docker-compose"):
        return ("docker-compose",)
    raise TargetError(
        "container.compose: neither docker compose nor docker-compose is there: install Docker's compose plugin"
    )


def _up(run: Engine, project: str, command: Sequence[str], seconds: float, stopping: threading.Event) -> None:
    """Have all of it made and started. Raises TargetError with the end of what the program said, and of the log of each
    container that did not do well."""
    end = time.monotonic() + seconds
    with subprocess.Popen(
        [*command, "up", "-d"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        said = None
        while said is None:
            try:
                said, _ = process.communicate(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if stopping.is_set() or time.monotonic() > end:
                    kill(process)
                    time.sleep(SETTLE_SECONDS)
                    break
    _check(stopping)
    if said is None:
        told = f"container.compose: up did not end within {seconds:g} s (container.seconds)"
    elif process.returncode:
        lines = [line.strip() for line in run.redactor.text(said).splitlines() if line.strip()]
        told = " | ".join(lines[-LAST_LINES:]) or "it said nothing"
        told = engine.in_words("container.compose", told, otherwise=f"{' '.join(command)} up failed")
    else:
        return
    raise TargetError("; ".join((told, *_unwell(run, project))))


def _unwell(run: Engine, project: str) -> Iterator[str]:
    """What those said last that ended badly or are not healthy."""
    containers = run.of_project(project)
    _know_secrets(run, containers)
    for container in containers:
        state = container.attrs["State"]
        if state["ExitCode"] or (state.get("Health") or {}).get("Status") == "unhealthy":
            yield f"{container.labels[SERVICE]} said: {run.last(container)}"


def _by_service(containers: Sequence[Container]) -> dict[str, Container]:
    """The containers by service; of one that has several, also by number."""
    found: dict[str, Container] = {}
    for container in sorted(containers, key=lambda one: int(one.labels["com.docker.compose.container-number"])):
        service = container.labels[SERVICE]
        number = container.labels["com.docker.compose.container-number"]
        found[f"{service}-{number}" if service in found else service] = container
    if not found:
        raise TargetError("container.compose: the file has started no container")
    return found


def _know_secrets(run: Engine, containers: Iterable[Container]) -> None:
    """What containers were given under the name of a secret, wherever the compose file has it from."""
    for container in containers:
        for given in container.attrs["Config"]["Env"] or ():
            name, _, value = given.partition("=")
            if SECRET.search(name):
                run.redactor.add(value)


def _life(container: Container) -> tuple[object, object]:
    """What changes when it starts again."""
    return container.id, container.attrs["State"]["StartedAt"]


def _is_ready(container: Container, seen: dict[tuple[object, object], float], stopping: threading.Event) -> bool:
    """Whether it is healthy, or runs steadily where it has no healthcheck, or has ended well: as what is done once
    does. `seen`: when each of its lives was first seen."""
    _check(stopping)
    container.reload()
    state = container.attrs["State"]
    if container.status in engine.ENDED:
        return bool(state["ExitCode"] == 0)
    health = (state.get("Health") or {}).get("Status", "none")
    since = seen.setdefault(_life(container), time.monotonic())
    steady = health in ("none", "") and time.monotonic() - since >= STEADY_SECONDS
    return container.status == "running" and (health == "healthy" or steady)


def _published(containers: Mapping[str, Container]) -> dict[str, str]:
    """Where each port of TCP that is published can be reached from this machine."""
    found = {}
    for name, container in containers.items():
        for port, places in (container.attrs["NetworkSettings"]["Ports"] or {}).items():
            number, _, protocol = port.partition("/")
            if places and protocol == "tcp":
                host = places[0]["HostIp"] if places[0]["HostIp"] not in ("", "0.0.0.0", "::") else "127.0.0.1"
                found[f"COMPOSE_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_{number}"] = f"{host}:{places[0]['HostPort']}"
    return found


def _filled_in(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The texts of container.variables. Raises TargetError for a name in one that nothing is known of."""
    found = {}
    for name, text in texts.items():
        try:
            found[name] = string.Template(text).substitute({**os.environ, **known})
        except KeyError as error:
            raise TargetError(
                f"container.variables.{name}: {error.args[0]} is neither set in the environment nor one of"
                f" {', '.join(known)}"
            ) from None
        except ValueError:
            raise TargetError(f"container.variables.{name}: a $ that is no ${{NAME}} is written $$") from None
    return found


def _check(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise TargetError("told to stop before everything had started")


if __name__ == "__main__":
    sys.exit(main())
