"""Starting and stopping the whole system, and what is left of it when somebody is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import httpx
import jwt
import psycopg
import pytest

from stack import __main__ as command_line
from stack import postgres, secrets, supervisor
from stack.processes import Record, Recorded
from stack.state import RECORD, StackError, claimed

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30.0
KEYS = {
    "STACK_API_URL",
    "STACK_AUTH_URL",
    "STACK_ADMIN_URL",
    "STACK_DATABASE_DSN",
    "STACK_AUTHENTICATOR_DSN",
    "STACK_AUTH_ADMIN_DSN",
    "STACK_JWT_SECRET",
    "STACK_PRIVATE_KEY_FILE",
    "STACK_PUBLIC_KEY_FILE",
    "STACK_ANON_KEY",
    "STACK_PASSWORD",
    "STACK_COMMIT",
    "STACK_CLEAN",
    "STACK_RELEASE",
    "STACK_REPOSITORY",
    "STACK_STATE",
    "STACK_CONTROL",
    "STACK_DATABASE_LISTENS",
    "STACK_DATABASE_LOCK",
    "STACK_API_TEMPORARY",
    "STACK_ADMIN_TEMPORARY",
    "STACK_API_LOG",
    "STACK_DATABASE_LOG",
    "STACK_DEPLOYED_AT",
}
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a running system."""
    with supervisor.started(tmp_path_factory.mktemp("states") / "shared") as environment:
        yield environment


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """Runs `python -m stack` with a pipe as its standard input."""
    begun = []

    def run(*arguments: str, name: str = "one") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "--state", str(root / name), *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield run
    for process in begun:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> dict[str, str]:
    """The environment that the supervisor prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    environment: dict[str, str] = json.loads(line)
    return environment


def eventually(condition: Callable[[], object], what: str) -> None:
    """Polls until the condition holds."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {SECONDS:.0f} s"
        time.sleep(0.02)


def recorded_processes(directory: Path) -> dict[str, Recorded]:
    return {recorded.name: recorded for recorded in Record.read(directory / RECORD).processes}


def nothing_left(directory: Path, record: Record) -> bool:
    """No process runs, no folder elsewhere is there, and of the directory at most the logs."""
    return (
        not any(recorded.alive() for recorded in record.processes)
        and not any(Path(folder).exists() for folder in record.folders)
        and (not directory.exists() or [path.name for path in directory.iterdir()] == ["logs"])
    )


class TestRunning:
    def test_prints_one_line_with_what_answers_and_stops_at_the_end_of_input(self, start: Start, root: Path) -> None:
        process = start()
        environment = answer(process)
        record = Record.read(root / "one" / RECORD)
        assert set(environment) == KEYS
        for url in (environment["STACK_API_URL"], environment["STACK_ADMIN_URL"]):
            assert httpx.get(f"{url}/healthz").status_code == httpx.codes.OK
        assert list(recorded_processes(root / "one")) == ["initdb", "postgres", "api", "admin"]

        rest, complaint = process.communicate()

        assert (process.returncode, rest, complaint) == (0, "", "")
        assert nothing_left(root / "one", record)
        for name in ("STACK_API_URL", "STACK_ADMIN_URL"):
            with pytest.raises(httpx.ConnectError):
                httpx.get(environment[name])

    def test_what_it_hands_out_works(self, stack: dict[str, str]) -> None:
        for name, role in (
            ("STACK_DATABASE_DSN", "postgres"),
            ("STACK_AUTHENTICATOR_DSN", "authenticator"),
            ("STACK_AUTH_ADMIN_DSN", "supabase_auth_admin"),
        ):
            with psycopg.connect(stack[name]) as connection:
                assert connection.execute("select current_user, current_database()").fetchone() == (role, "postgres")
        claims = jwt.decode(stack["STACK_ANON_KEY"], stack["STACK_JWT_SECRET"], ["HS256"])
        assert (claims["role"], claims["iss"], claims["exp"] - claims["iat"]) == ("anon", "supabase", secrets.TEN_YEARS)
        private, public = (Path(stack[f"STACK_{kind}_KEY_FILE"]).read_text() for kind in ("PRIVATE", "PUBLIC"))
        assert jwt.decode(jwt.encode({"sub": "x"}, private, "ES256"), public, ["ES256"]) == {"sub": "x"}
        answered = httpx.post(
            f"{stack['STACK_AUTH_URL']}/token",
            params={"grant_type": "password"},
            headers={"apikey": stack["STACK_ANON_KEY"]},
            json={"email": "organizer@runbook.example", "password": stack["STACK_PASSWORD"]},
        )
        assert answered.json()["user"]["email"] == "organizer@runbook.example"

    def test_everything_but_the_logs_is_for_this_user_alone(self, stack: dict[str, str]) -> None:
        directory = Path(stack["STACK_PRIVATE_KEY_FILE"]).parent
        assert directory.stat().st_mode & 0o777 == 0o700
        files = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir() if path.is_file()}
        assert files == dict.fromkeys((RECORD, "environment.json", "private.pem", "public.pem"), 0o600)
        assert json.loads((directory / "environment.json").read_text()) == stack
        for folder in Record.read(directory / RECORD).folders:
            assert Path(folder).stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_stops_in_an_orderly_way_when_told_to(self, start: Start, root: Path, number: signal.Signals) -> None:
        process = start()
        answer(process)
        record = Record.read(root / "one" / RECORD)
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
        assert nothing_left(root / "one", record)
        log = (root / "one" / "logs" / "postgres.log").read_text()
        assert "database system is shut down" in log

    def test_detached_outlives_its_input_and_terminal_and_stops_when_told_to(self, start: Start, root: Path) -> None:
        process = start("--detached")
        environment = answer(process)
        record = Record.read(root / "one" / RECORD)
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        assert httpx.get(f"{environment['STACK_API_URL']}/healthz").status_code == httpx.codes.OK
        process.terminate()
        assert process.wait(SECONDS) == 0
        assert nothing_left(root / "one", record)


class TestKilled:
    def test_a_killed_parent_leaves_nothing_running(self, root: Path) -> None:
        parent = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import subprocess, sys, time\n"
                "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
                "print(child.pid, child.stdout.readline().decode(), flush=True)\n"
                "time.sleep(600)",
                *(sys.executable, "-m", "stack", "--state", str(root / "one")),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        supervising = Recorded.of("supervisor", int(parent.stdout.readline().split()[0]))
        record = Record.read(root / "one" / RECORD)
        parent.kill()
        parent.communicate()
        eventually(lambda: not supervising.alive(), "the supervisor ends")
        assert nothing_left(root / "one", record)

    @pytest.mark.parametrize("moment", ["initdb", "postgres", "api", "ready"])
    def test_what_a_killed_supervisor_leaves_is_swept_by_the_next_start(
        self, start: Start, root: Path, moment: str
    ) -> None:
        process = start()
        if moment == "ready":
            answer(process)
        else:
            eventually(lambda: moment in recorded_or_none(root / "one"), f"{moment} is started")
        process.kill()
        process.wait()
        record = Record.read(root / "one" / RECORD)

        answer(start(name="two"))

        assert not (root / "one").exists()
        assert nothing_left(root / "one", record)

    def test_told_to_stop_while_starting_it_stops_and_says_so(self, start: Start, root: Path) -> None:
        process = start()
        eventually(lambda: "initdb" in recorded_or_none(root / "one"), "initdb is started")
        record = Record.read(root / "one" / RECORD)
        process.terminate()
        output, complaint = process.communicate(timeout=SECONDS)
        assert (process.returncode, output) == (1, "")
        assert complaint == "stack: told to stop before everything had started\n"
        assert nothing_left(root / "one", record)


class TestRefusals:
    def test_a_directory_in_use_is_refused(self, start: Start, root: Path) -> None:
        with claimed(root / "one"):
            _, complaint = (process := start()).communicate(timeout=SECONDS)
            assert process.returncode == 1
            assert complaint.startswith(f"stack: {root / 'one'} is in use by process {os.getpid()}")
            assert complaint.count("\n") == 1

    def test_an_unknown_defect_names_the_nearest_and_starts_nothing(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plant(monkeypatch, root / "defects", "rls_off.sql", "rls_open.sql", "cors_any.py", "__init__.py")
        assert command_line.main(["--state", str(root / "one"), "--defect", "rls_of"]) == 2
        assert capsys.readouterr().err == "stack: no defect is named 'rls_of'; near it: rls_off, rls_open\n"
        assert not (root / "one").exists()

    def test_a_refused_script_is_named_with_the_log_and_nothing_is_left(self, root: Path) -> None:
        script = root / "broken.sql"
        script.write_text("alter table public.evens disable row level security;")
        complaint = r'^postgres could not be built: broken\.sql: relation "public\.evens" .* \(log: .*postgres\.log\)$'
        with pytest.raises(StackError, match=complaint), supervisor.started(root / "one", defect=script):
            pass
        assert [path.name for path in (root / "one").iterdir()] == ["logs"]

    def test_a_database_that_cannot_be_made_is_named_with_the_reason(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(postgres.SETTINGS, "wal_level", "nonsense")
        complaint = r"^initdb ended with exit code 1: .*FATAL: .* contains errors \(log: .*initdb\.log\)$"
        with pytest.raises(StackError, match=complaint), supervisor.started(root / "one"):
            pass
        assert [path.name for path in (root / "one").iterdir()] == ["logs"]

    def test_a_part_that_ends_too_early_is_named_with_its_last_words(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(supervisor.FACTORIES, "admin", "stack.nowhere:create")
        complaint = (
            r'^admin ended with exit code \d .* Could not import module "stack.nowhere".* \(log: .*admin\.log\)$'
        )
        with pytest.raises(StackError, match=complaint), supervisor.started(root / "one"):
            pass
        assert [path.name for path in (root / "one").iterdir()] == ["logs"]


class TestDefects:
    def test_a_script_is_applied_as_the_superuser_after_the_seed(self, root: Path) -> None:
        script = root / "no_rls_on_users.sql"
        script.write_text("alter table auth.users disable row level security; delete from public.attendance;")
        with (
            supervisor.started(root / "one", defect=script) as environment,
            psycopg.connect(environment["STACK_DATABASE_DSN"]) as connection,
        ):
            found = connection.execute(
                "select relrowsecurity, (select count(*) from public.attendance)"
                " from pg_class where oid = 'auth.users'::regclass"
            ).fetchone()
        assert found == (False, 0)

    def test_a_module_replaces_the_applications_it_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = ModuleType("stack.defects.quiet")
        vars(module)["admin"] = lambda: None
        vars(module)["api"] = ModuleType("imported for its own use")
        monkeypatch.setitem(sys.modules, "stack.defects.quiet", module)
        assert supervisor.factories_with(Path("quiet.py")) == {
            "api": "stack.api.app:create",
            "admin": "stack.defects.quiet:admin",
        }

    def test_a_module_that_replaces_nothing_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "stack.defects.idle", ModuleType("stack.defects.idle"))
        with pytest.raises(StackError, match="plants nothing"):
            supervisor.factories_with(Path("idle.py"))

    def test_a_module_that_cannot_be_imported_is_refused(self) -> None:
        with pytest.raises(StackError, match=r"^stack\.defects\.nowhere cannot be imported"):
            supervisor.factories_with(Path("nowhere.py"))


class TestPorts:
    def test_a_reserved_port_is_given_to_nobody_else_but_can_be_served_on(self) -> None:
        with supervisor.reserved_ports(2) as (port, other), socket.socket() as stranger, socket.socket() as server:
            assert port != other
            with pytest.raises(OSError, match="in use"):
                stranger.bind(("127.0.0.1", port))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", port))
            server.listen()
            socket.create_connection(("127.0.0.1", port), timeout=5).close()


def plant(monkeypatch: pytest.MonkeyPatch, folder: Path, *names: str) -> None:
    """Make these the planted defects."""
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    monkeypatch.setattr(supervisor, "DEFECTS", folder)


def recorded_or_none(directory: Path) -> dict[str, Recorded]:
    try:
        return recorded_processes(directory)
    except (OSError, ValueError):
        return {}
