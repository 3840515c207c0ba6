"""The main job, as a user runs it: `pytest checks/health` in a process of its own, on the real embedded system."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import jwt
import psutil
import psycopg
import pytest

from runbook.targets import EMBEDDED, Target, opened
from tests.warm import pytest_run

ROOT = Path(__file__).parents[1]
RUN_SECONDS = 120


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """The embedded system, running."""
    with opened(EMBEDDED) as target:
        yield target


@pytest.fixture(scope="module")
def as_live(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of the running system as of a live target's."""
    head, _, tail = EMBEDDED.read_text(encoding="utf-8").partition("[start]")
    path = tmp_path_factory.mktemp("targets") / "running.toml"
    live = head.replace('backend = "embedded"', 'backend = "live"') + tail[tail.index("[api]") :]
    path.write_text(live, encoding="utf-8")
    return path


def health(
    target: Target, settings: Path, folder: Path, *arguments: str, checks: str = "checks/health", **variables: str
) -> tuple[int, str, Path]:
    """Run the healthcheck: exit code, what it printed, and its folder."""
    words = (checks, "--target", settings, "--reports", folder, *arguments)
    finished = pytest_run(words, {**os.environ, **target.provided, **variables}, RUN_SECONDS)
    [run] = folder.iterdir()
    return finished.returncode, finished.stdout + finished.stderr, run


def records(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "run.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def run(target: Target, as_live: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path]:
    """One run in one process."""
    return health(target, as_live, tmp_path_factory.mktemp("one"))


def test_everything_holds_on_the_reference_system(run: tuple[int, str, Path]) -> None:
    code, printed, folder = run
    assert code == 0, printed
    assert records(folder)[-1]["verdict"] == "PASSED"


def test_two_workers_run_the_same_checks(
    target: Target, as_live: Path, run: tuple[int, str, Path], tmp_path: Path
) -> None:
    code, printed, folder = health(target, as_live, tmp_path, "-n", "2")
    assert code == 0, printed
    alone, parted = (
        sorted((str(line["check"]), str(line["outcome"])) for line in records(each) if line["type"] == "check")
        for each in (run[2], folder)
    )
    assert parted == alone


def test_evidence_is_kept(run: tuple[int, str, Path]) -> None:
    _, _, folder = run
    assert (folder / "junit.xml").stat().st_size > 0
    assert len(list((folder / "allure").glob("*-result.json"))) == len(records(folder)) - 3
    for picture in ("admin-events.png", "admin-foreign-origin.png"):
        assert (folder / "screenshots" / picture).read_bytes().startswith(b"\x89PNG")


def test_nothing_secret_or_personal_is_written(
    target: Target, as_live: Path, run: tuple[int, str, Path], tmp_path: Path
) -> None:
    refused = as_live.with_name("refused.toml")
    text = as_live.read_text(encoding="utf-8")
    refused.write_text(text.replace('"InvalidToken"', '"AnotherCode"').replace('"data.id"', '"data.name"'), "utf-8")
    code, printed, failed = health(target, refused, tmp_path, "--showlocals", "-vv")
    assert code == 1, printed

    secrets = {name: value for name, value in target.provided.items() if not re.search("URL|COMMIT|CLEAN", name)}
    with psycopg.connect(target.provided["STACK_DATABASE_DSN"]) as connection:
        rows = connection.execute(
            "select email from auth.users union select full_name from public.participants"
            " union select email from public.participants union select name from public.events"
        ).fetchall()
    personal = {f"row {number}": str(value) for number, [value] in enumerate(rows)}
    assert len(personal) > 10
    haystack = {
        str(path.name): path.read_bytes() for path in [*run[2].rglob("*"), *failed.rglob("*")] if path.is_file()
    }
    haystack |= {"terminal": run[1].encode(), "terminal of the failed run": printed.encode()}
    for name, needle in (secrets | personal).items():
        for form in (needle, quote(needle, safe=""), b64encode(needle.encode()).decode(), json.dumps(needle)[1:-1]):
            found = [where for where, text in haystack.items() if form.encode() in text]
            assert found == [], name


SIGNED_IN_BY = {
    "secret": 'signing_secret = { env = "STACK_JWT_SECRET" }',
    "private_key": 'private_key = { file = { env = "STACK_PRIVATE_KEY_FILE" } }',
    "token": 'signing_secret = { env = "STACK_JWT_SECRET" }',
}


@pytest.mark.parametrize("method", SIGNED_IN_BY)
def test_each_way_of_authentication_works_on_the_real_api(
    target: Target, as_live: Path, tmp_path: Path, method: str
) -> None:
    with psycopg.connect(target.provided["STACK_DATABASE_DSN"]) as connection:
        rows = connection.execute("select email, id::text from auth.users").fetchall()
    users = {str(email): str(subject) for email, subject in rows}
    text = as_live.read_text(encoding="utf-8").replace('method = "password"', f'method = "{method}"')
    text = text.replace('signing_secret = { env = "STACK_JWT_SECRET" }', SIGNED_IN_BY[method])
    tokens = {}
    for email, subject in users.items():
        name = f"TOKEN_{subject.replace('-', '')}"
        credential = f'token = {{ env = "{name}" }}' if method == "token" else f'subject = "{subject}"'
        text = text.replace(f'email = "{email}"\n', f'email = "{email}"\n{credential}\n')
        claims = {
            "sub": subject,
            "aud": "authenticated",
            "role": "authenticated",
            "iss": target.provided["STACK_AUTH_URL"],
        }
        times = {"iat": int(time.time()), "exp": int(time.time()) + 600}
        tokens[name] = jwt.encode({**claims, **times}, target.provided["STACK_JWT_SECRET"])
    settings = tmp_path / "mine.toml"
    settings.write_text(text, encoding="utf-8")
    subject_file = "checks/health/test_authentication.py"
    code, printed, folder = health(target, settings, tmp_path / "reports", checks=subject_file, **tokens)
    assert code == 3, printed  # a part of the section: never PASSED
    outcomes = {str(line["check"]): line["outcome"] for line in records(folder) if line["type"] == "check"}
    assert {check for check, outcome in outcomes.items() if outcome != "held"} == set()
    assert len(outcomes) > 30


def test_a_key_that_is_not_the_apis_leaves_what_it_forges_unverified(
    target: Target, as_live: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "mine.toml"
    text = as_live.read_text(encoding="utf-8")
    settings.write_text(text.replace('{ env = "STACK_JWT_SECRET" }', '{ env = "ANOTHER_SECRET" }'), encoding="utf-8")
    another = {"ANOTHER_SECRET": "a secret that this API has never seen before"}
    code, printed, folder = health(target, settings, tmp_path / "reports", **another)
    assert code == 3, printed
    unverified = {str(line["check"]) for line in records(folder) if line.get("outcome") == "unverified"}
    assert {check.partition("[")[2] for check in unverified} == {
        f"{kind}]" for kind in ("expired", "not yet valid", "wrong audience", "wrong issuer", "without expiry")
    }


def test_nothing_is_left_in_the_database(target: Target, as_live: Path, tmp_path: Path) -> None:
    def rows() -> object:
        with psycopg.connect(target.provided["STACK_DATABASE_DSN"]) as connection:
            tables = connection.execute(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'auth')"
            ).fetchall()
            return {
                table: connection.execute(
                    f"select md5(string_agg(t::text, '' order by t::text)) from {table} as t".encode()
                ).fetchone()
                for [table] in tables
            }

    before = rows()
    code, printed, _ = health(target, as_live, tmp_path)
    assert code == 0, printed
    assert rows() == before


def test_a_run_that_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    settings = tmp_path / "killed.toml"
    document = EMBEDDED.read_text(encoding="utf-8").replace('folder = ".."', f"folder = {json.dumps(str(ROOT))}")
    settings.write_text(document.replace('name = "embedded"', 'name = "killed"'), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "checks/health", "--target", str(settings)]
    command += ["--reports", str(tmp_path / "reports")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        wait_until(lambda: any("chrom" in words for words in map(command_of, started_by(run.pid))))
        started = started_by(run.pid)
        commands = [command_of(process) for process in started]
        assert any("pginstall18" in words for words in commands)
        assert any("stack.api" in words for words in commands)
        run.kill()
    wait_until(lambda: not any(alive(process) for process in started))
    state = ROOT / ".runbook" / f"killed-{run.pid}"
    assert [path.name for path in state.iterdir()] == ["logs"]
    shutil.rmtree(state)


def started_by(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def command_of(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
