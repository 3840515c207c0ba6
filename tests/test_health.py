"""The main job, as a user runs it: `pytest checks/health` in a process of its own, on the real embedded system."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from runbook.targets import EMBEDDED, Target, opened

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


def health(target: Target, settings: Path, folder: Path, *arguments: str) -> tuple[int, str, Path]:
    """Run the healthcheck: exit code, what it printed, and its folder."""
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "checks/health", "--target", settings, "--reports", folder, *arguments],
        cwd=ROOT,
        env={**os.environ, **target.provided},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
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
    assert len(list((folder / "allure").glob("*-result.json"))) == len(records(folder)) - 2
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

    secrets = {name: value for name, value in target.provided.items() if "URL" not in name and "COMMIT" not in name}
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
