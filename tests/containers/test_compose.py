"""A team's own compose file is a target: it is started, waited for, handed back as variables, and removed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from runbook.errors import TargetError
from runbook.targets import compose, embedded, opened, startable
from runbook.targets.engine import PROJECT, Engine, owner
from stack import secrets
from stack.supervisor import reserved_ports
from tests.documents import LIVE, VARIABLES

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SECONDS = 60
POLL_SECONDS = 0.1
BUILD = """
import os
from stack import secrets
from stack.database import build
owner, password = os.environ["BUILD_DSN"], os.environ["DB_PASSWORD"]
admin = owner.replace("postgres:", "supabase_admin:", 1)
passwords = dict.fromkeys(("postgres", "authenticator", "supabase_auth_admin"), password)
build.whole(admin, owner, passwords, secrets.hash_password(os.environ["STACK_PASSWORD"]))
"""
FILE = """
services:
  db:
    image: postgres:18
    environment: {POSTGRES_USER: supabase_admin, POSTGRES_DB: postgres, POSTGRES_PASSWORD: "${DB_PASSWORD}"}
    ports: ["127.0.0.1::5432"]
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD, pg_isready, -h, 127.0.0.1, -U, supabase_admin], interval: 1s}
  build:
    image: runbook-checks
    entrypoint: [python, /keys/build.py]
    environment: &own
      DB_PASSWORD: "${DB_PASSWORD}"
      BUILD_DSN: "postgresql://postgres:${DB_PASSWORD}@db/postgres"
      STACK_AUTHENTICATOR_DSN: "postgresql://authenticator:${DB_PASSWORD}@db/postgres"
      STACK_AUTH_ADMIN_DSN: "postgresql://supabase_auth_admin:${DB_PASSWORD}@db/postgres"
      STACK_API_URL: "http://127.0.0.1:${API_PORT}"
      STACK_AUTH_URL: "http://127.0.0.1:${API_PORT}/auth/v1"
      STACK_ADMIN_URL: "http://127.0.0.1:${ADMIN_PORT}"
      STACK_PUBLIC_KEY_FILE: /keys/public.pem
      STACK_ANON_KEY: "${STACK_ANON_KEY}"
      STACK_JWT_SECRET: "${STACK_JWT_SECRET}"
      STACK_PASSWORD: "${STACK_PASSWORD}"
    volumes: ["./keys:/keys:ro"]
    depends_on: {db: {condition: service_healthy}}
  api:
    image: runbook-checks
    entrypoint: [python, -m, uvicorn, --factory, "stack.api.app:create", --host, 0.0.0.0, --port, "8000"]
    environment: *own
    ports: ["127.0.0.1:${API_PORT}:8000"]
    volumes: ["./keys:/keys:ro"]
    healthcheck: {interval: 1s}
    depends_on: {build: {condition: service_completed_successfully}}
  admin:
    image: runbook-checks
    entrypoint: [python, -m, uvicorn, --factory, "stack.admin.app:create", --host, 0.0.0.0, --port, "8000"]
    environment: *own
    ports: ["127.0.0.1:${ADMIN_PORT}:8000"]
    healthcheck: {interval: 1s}
volumes: {data: }
"""
CONTAINER = """[container]
compose = "compose.yaml"

[container.variables]
OWN_DSN = "postgresql://postgres:${DB_PASSWORD}@${COMPOSE_DB_5432}/postgres"
OWN_API = "http://${COMPOSE_API_8000}"
OWN_AUTH = "http://${COMPOSE_API_8000}/auth/v1"
OWN_ADMIN = "http://${COMPOSE_ADMIN_8000}"
"""
CANARY = VARIABLES["RUNBOOK_PASSWORD"]
SAID = "os.environ['SAID'], os.environ['THE_PASSWORD']"
FOREVER = f"import os, time; print('its first words,', {SAID}, flush=True); time.sleep(600)"


def file_of(words: str, more: str = "healthcheck: {disable: true}", also: str = "") -> str:
    """A compose file with a service that is Python, its volume and its network; it is given a secret."""
    return f"""services:
  one:
    image: runbook-checks
    entrypoint: [python, -c, {json.dumps(words.replace("$", "$$"))}]
    environment: {{SAID: "${{RUNBOOK_PASSWORD}}", THE_PASSWORD: of-an-env-file}}
    volumes: ["data:/data"]
    ports: ["127.0.0.1::8000"]
    {more}
{also}
volumes: {{data: }}
"""


HELD = 3  # a container, its network, its volume


class Made:
    """What compose programs have made of files in a folder, and for this process."""

    def __init__(self, client: docker.DockerClient, folder: Path) -> None:
        self._client = client
        self._folder = str(folder)
        self._projects = {owner()}

    def held(self) -> set[str]:
        """The ids of containers, networks, volumes and images."""
        filters: dict[str, str | list[str] | bool] = {"label": PROJECT}
        containers = self._client.containers.list(all=True, filters=filters, ignore_removed=True)
        self._projects |= {
            one.labels[PROJECT]
            for one in containers
            if one.labels["com.docker.compose.project.working_dir"] == self._folder
        }
        networks, volumes = self._client.networks.list(filters=filters), self._client.volumes.list(filters=filters)
        labelled = [(one.labels[PROJECT], one.id) for one in containers]
        labelled += [(one.attrs["Labels"][PROJECT], one.id) for one in (*networks, *volumes)]
        tags = {tag for image in self._client.api.images() for tag in image["RepoTags"] or ()}
        built = {tag for tag in tags if any(name in tag for name in self._projects)}
        return {str(id_) for name, id_ in labelled if name in self._projects} | built

    def until(self, count: int) -> None:
        """Until so many are held."""
        end = time.monotonic() + SECONDS
        while len(held := self.held()) != count:
            assert time.monotonic() < end, held
            time.sleep(POLL_SECONDS)


@pytest.fixture(scope="module")
def program() -> None:
    try:
        compose._program()
    except TargetError as error:
        pytest.skip(f"not run: {error}")


@pytest.fixture
def made(program: None, engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """What is made of the files of this test: none of it stays."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    found = Made(engine, tmp_path)
    yield found
    assert found.held() == set()


def settings(folder: Path, file: str, more: str = "") -> Path:
    """The settings of a target with this compose file, of which nothing else is there."""
    (folder / "compose.yaml").write_text(file, encoding="utf-8")
    text = LIVE.replace('backend = "live"', 'backend = "container"')
    path = folder / "own.toml"
    path.write_text(text.replace("[timeouts]", f'[container]\ncompose = "compose.yaml"\n{more}\n[timeouts]'), "utf-8")
    return path


def started(
    folder: Path, file: str, seconds: float = 30, stopping: threading.Event | None = None, **texts: str
) -> AbstractContextManager[dict[str, str]]:
    """What the command starts, in this process."""
    path = folder / "compose.yaml"
    path.write_text(file, encoding="utf-8")
    return compose.started(folder / "state", path, texts, None, seconds, stopping or threading.Event())


def checks(target: Path, *sections: str) -> subprocess.Popen[bytes]:
    """Checks against a target, in a process of their own."""
    command = [sys.executable, "-m", "pytest", *sections, "--target", str(target)]
    return subprocess.Popen([*command, "--reports", str(target.parent / "reports")], cwd=ROOT)


def logs_of(target: Path) -> dict[str, str]:
    """The logs in the one folder that a run left."""
    [folder] = (target.parent / "reports").glob("*/logs")
    return {log.name: log.read_text(encoding="utf-8") for log in folder.iterdir()}


def invoke(command: str, target: Path) -> tuple[int, str]:
    """A command of `runbook` in a process of its own: its exit code, and what it said."""
    words = [str(Path(sys.executable).with_name("runbook")), command, "--target", str(target)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def own(made: Made, document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the reference system, as a team would write its compose file."""
    secret = secrets.generate()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "public.pem").write_text(secret.public_key, encoding="ascii")
    (tmp_path / "keys" / "build.py").write_text(BUILD, encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(FILE, encoding="utf-8")
    text = document.partition("# Each part is stopped")[0]
    text = re.sub(r"\[start\].*?(?=\[rls\])", CONTAINER + "\n", text, flags=re.DOTALL)
    for theirs, ours in {"DATABASE_DSN": "DSN", "API_URL": "API", "AUTH_URL": "AUTH", "ADMIN_URL": "ADMIN"}.items():
        text = text.replace(f"STACK_{theirs}", f"OWN_{ours}")
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with reserved_ports(2) as (api, admin):
        given = {"API_PORT": api, "ADMIN_PORT": admin, "DB_PASSWORD": CANARY}
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("STACK_PUBLIC_KEY_FILE", str(tmp_path / "keys" / "public.pem"))
    for name in ("anon_key", "jwt_secret", "password"):
        monkeypatch.setenv(f"STACK_{name.upper()}", getattr(secret, name))
    return path


def test_the_reference_system_as_a_compose_file_passes_and_with_a_fault_planted_it_fails(own: Path) -> None:
    """Started once, by `runbook up`."""
    code, told = invoke("up", own)
    try:
        assert code == 0, told
        assert "http://127.0.0.1:" in told
        assert CANARY not in told
        assert checks(own, "checks/rls", "checks/health").wait(SECONDS) == 0
        logs = logs_of(own)
        assert set(logs) == {"admin.log", "api.log", "build.log", "db.log"}
        assert "database system is ready to accept connections" in logs["db.log"]
        assert not [name for name, text in logs.items() if CANARY in text or os.environ["STACK_PASSWORD"] in text]
        name, start, folder = startable(own)
        running = embedded.find(name, start, folder)
        assert running is not None
        with psycopg.connect(running.provided["OWN_DSN"]) as connection:
            connection.execute("alter table public.enrollments disable row level security")
        assert checks(own, "checks/rls").wait(SECONDS) == 1
    finally:
        assert invoke("down", own)[0] == 0


def test_up_status_and_down(made: Made, tmp_path: Path) -> None:
    path = settings(tmp_path, file_of(FOREVER))
    assert invoke("status", path) == (1, "mine is not running; `runbook up` starts it\n")
    assert invoke("up", path)[0] == 0
    try:
        assert len(made.held()) == HELD
        assert re.fullmatch(r"part .*\nmine +ready .*\n", invoke("status", path)[1])
        code, told = invoke("up", path)
        assert (code, told.count("mine is running already")) == (2, 1)
    finally:
        assert invoke("down", path) == (0, "mine is stopped\n")
    assert made.held() == set()
    assert invoke("down", path) == (0, "mine was not running\n")


@pytest.mark.parametrize("how", ["to its end", "interrupted", "killed"])
def test_a_run_that_fails_keeps_the_logs_and_leaves_nothing(how: str, made: Made, tmp_path: Path) -> None:
    path = settings(tmp_path, file_of(FOREVER))
    process = checks(path, "checks/health" if how == "interrupted" else "checks/health/test_database.py")
    try:
        made.until(HELD)
        while how == "interrupted" and not any('"plan"' in one.read_text() for one in tmp_path.glob("*/*/run.jsonl")):
            assert process.poll() is None
            time.sleep(POLL_SECONDS)
        if how != "to its end":
            process.send_signal(signal.SIGINT if how == "interrupted" else signal.SIGKILL)
        assert process.wait(SECONDS) == {"to its end": 3, "interrupted": 2, "killed": -signal.SIGKILL}[how]
    finally:
        process.kill()
        process.wait()
    made.until(0)
    if how != "killed":
        assert logs_of(path) == {"one.log": "its first words, *** ***\n"}


def test_what_was_killed_is_removed_by_the_next_and_two_at_once_do_not_meet(made: Made, tmp_path: Path) -> None:
    path = settings(tmp_path, file_of(FOREVER))
    with opened(path) as target:
        [child] = psutil.Process().children()
        made.until(HELD)
        with started(tmp_path, file_of(FOREVER)) as second:
            assert len(made.held()) == 2 * HELD
            assert second["COMPOSE_PROJECT"] != target.provided["COMPOSE_PROJECT"]
            child.kill()
            assert len(made.held()) == 2 * HELD
            child.wait()
            next_one = Engine("next")
            assert len(made.held()) == HELD
            assert next_one.of_project(second["COMPOSE_PROJECT"])
            next_one.close()


def test_what_the_engine_still_makes_for_a_program_that_was_stopped_is_removed(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here: somebody else, a second later."""
    program = tmp_path / "slow"
    later = f'sleep 1; docker volume create --label {PROJECT}="$2" "$2"'
    program.write_text(f"#!/bin/sh\nsetsid sh -c '{later}' - \"$@\" >made 2>&1 &\nsleep 60\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compose, "_program", lambda: (str(program),))
    stopping = threading.Event()
    stopping.set()
    with (
        pytest.raises(TargetError, match=r"^told to stop before everything had started$"),
        started(tmp_path, file_of(FOREVER), stopping=stopping),
    ):
        pass
    time.sleep(1)
    assert (tmp_path / "made").read_text(encoding="utf-8") == f"{owner()}\n"


def test_what_is_published_and_what_the_settings_name_is_handed_back(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the settings' folder, wherever one is; and a service that has done what it does once is no fault."""
    monkeypatch.chdir("/")
    once = """  done-once:
    image: runbook-checks
    entrypoint: [python, -c, "print('done')"]"""
    path = settings(tmp_path, file_of(FOREVER, also=once), '[container.variables]\nOWN = "$$${COMPOSE_ONE_8000}/x"')
    with opened(path) as target:
        provided = dict(target.provided)
        host, port = provided["COMPOSE_ONE_8000"].split(":")
        assert (host, provided["OWN"]) == ("127.0.0.1", f"${host}:{port}/x")
        assert target.logs is not None
        assert (target.logs / "done-once.log").read_text(encoding="utf-8") == "done\n"
    assert made.held() == set()


def test_an_image_that_was_built_for_it_is_removed(made: Made, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM runbook-checks\nRUN true\n", encoding="utf-8")
    with started(tmp_path, file_of(FOREVER).replace("image: runbook-checks", "build: .")):
        assert len(made.held()) == HELD + 1


ONE_S_WORDS = "one ended with exit code 3 before it was ready: its last words, \\*\\*\\* \\*\\*\\*$"
LAST_WORDS = f"import os; raise SystemExit(print('its last words,', {SAID}) or 3)"
TWO = "  two: {image: runbook-checks, depends_on: {one: {condition: %s}}, entrypoint: [python, -c, '%s']}"
FAILING = {
    "a file that is none": ("services: [", 30, r"^container\.compose: docker-?\s?compose .* up failed \(.*yaml.*\)$"),
    "nothing in it": ("services: {}\nversion: '3'", 30, r"^container\.compose: "),
    "a service that ends at once": (file_of(LAST_WORDS), 30, rf"^{ONE_S_WORDS}"),
    "a service that always starts again": (
        file_of(LAST_WORDS, "restart: always\n    healthcheck: {disable: true}"),
        4,
        r"^one was not ready within 4 s: .*its last words",
    ),
    "one that others wait for": (
        file_of(LAST_WORDS, also=TWO % ("service_completed_successfully", "")),
        30,
        r"^container\.compose: .* up failed \(.*one.*\); one said: its last words, \*\*\* \*\*\*$",
    ),
    "one that is never healthy": (
        file_of(FOREVER, "healthcheck: {test: [CMD, python, -c, raise SystemExit(1)], interval: 1s}"),
        3,
        r"^one was not ready within 3 s: its first words, \*\*\* \*\*\*$",
    ),
    "an up that does not end": (
        file_of(FOREVER, "healthcheck: {interval: 60s}", also=TWO % ("service_healthy", "")),
        3,
        r"^container\.compose: up did not end within 3 s \(container\.seconds\)$",
    ),
    "an image that is nowhere": (
        file_of(FOREVER).replace("runbook-checks", "registry.invalid/none:1"),
        30,
        r"^container\.compose: .* up failed \(.*registry\.invalid",
    ),
    "a name that nobody knows": (
        file_of(FOREVER),
        30,
        r"^container\.variables\.OWN: COMPOSE_TWO_1 is neither set in the environment nor one of COMPOSE_PROJECT,"
        r" COMPOSE_ONE_8000$",
    ),
}


@pytest.mark.parametrize(("file", "seconds", "told"), FAILING.values(), ids=FAILING)
def test_what_fails_is_told_without_secrets_and_nothing_stays(
    file: str, seconds: float, told: str, made: Made, tmp_path: Path
) -> None:
    with pytest.raises(TargetError, match=told) as raised, started(tmp_path, file, seconds, OWN="${COMPOSE_TWO_1}"):
        pass
    assert CANARY not in str(raised.value)
    assert made.held() == set()


def test_a_port_that_is_taken_is_told(made: Made, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        file = file_of(FOREVER).replace("127.0.0.1::", f"127.0.0.1:{taken.getsockname()[1]}:")
        with (
            pytest.raises(TargetError, match=r"^container\.compose: a port is taken on this machine \("),
            started(tmp_path, file),
        ):
            pass


def test_a_path_that_leads_nowhere_and_a_missing_program_are_told(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = settings(tmp_path, file_of(FOREVER))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match=r"the reason stands above$"), opened(path):
        pass
    assert "compose: container.compose: neither docker compose nor docker-compose is there" in capfd.readouterr().err
    (tmp_path / "compose.yaml").unlink()
    with pytest.raises(TargetError, match=r"the reason stands above$"), opened(path):
        pass
    assert f"there is no file {tmp_path / 'compose.yaml'}" in capfd.readouterr().err
