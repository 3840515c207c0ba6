"""`runbook` by hand: the embedded system started, looked at and stopped, and a settings file examined."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from runbook.clauses import clauses
from runbook.cli import main
from runbook.targets import EMBEDDED
from tests.documents import LIVE, VARIABLES

ROOT = Path(__file__).parents[1]
SECONDS = 60


def runbook(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from runbook.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**os.environ, **VARIABLES},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Path]:
    """The embedded target's settings under a name of the test's own; stopped afterwards whatever happened."""
    path = tmp_path / "embedded.toml"
    document = EMBEDDED.read_text(encoding="utf-8").replace('folder = ".."', f"folder = {json.dumps(str(ROOT))}")
    path.write_text(document.replace('name = "embedded"', f'name = "cli-{os.getpid()}"'), encoding="utf-8")
    yield path
    runbook("down", "--target", path)


def test_up_status_doctor_down(embedded: Path) -> None:
    assert runbook("status", "--target", embedded).returncode == 1

    up = runbook("up", "--target", embedded)
    assert up.returncode == 0, up.stderr
    addresses = dict(line.split() for line in up.stdout.splitlines() if "http" in line)
    assert httpx.get(addresses["api"] + "/healthz", trust_env=False).status_code == 200
    assert httpx.get(addresses["admin"] + "/healthz", trust_env=False).status_code == 200
    assert "postgresql://" not in up.stdout

    again = runbook("up", "--target", embedded)
    assert again.returncode == 2
    assert "running already" in again.stderr
    assert runbook("status", "--target", embedded).returncode == 0

    doctor = runbook("doctor", "--target", embedded)
    assert doctor.returncode == 0, doctor.stdout
    assert "personas.both: signs in, and belongs to 2 events" in doctor.stdout

    assert runbook("down", "--target", embedded).returncode == 0
    assert runbook("status", "--target", embedded).returncode == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(addresses["api"] + "/healthz", trust_env=False)


def test_an_unknown_defect_is_told_in_one_line(embedded: Path) -> None:
    up = runbook("up", "--target", embedded, "--defect", "rls_of")
    assert up.returncode == 2
    assert "rls_off" in up.stderr
    assert "Traceback" not in up.stderr


def test_doctor_says_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    misspelt = '\n[[out_of_scope]]\ncheck = "test_forgd"\nreason = "the key is held by another team"\n'
    path.write_text(LIVE + misspelt, encoding="utf-8")
    doctor = runbook("doctor", "--target", path)
    assert doctor.returncode == 1
    for subject in ("api.base_url", "personas.organizer", "database.exposed_schemas", "out_of_scope"):
        assert f"NOT {subject}: " in doctor.stdout
    assert "Traceback" not in doctor.stderr


def test_a_live_target_is_not_started(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(LIVE, encoding="utf-8")
    up = runbook("up", "--target", path)
    assert up.returncode == 2
    assert "a live target is not started" in up.stderr


def test_bad_settings_are_told_in_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(LIVE.replace('severity = "staging"', 'severity = "high"'), encoding="utf-8")
    doctor = runbook("doctor", "--target", path)
    assert doctor.returncode == 2
    assert f"{path}: severity: " in doctor.stderr
    assert "Traceback" not in doctor.stderr


def test_every_clause_is_shown_and_each_check_was_seen_to_fail() -> None:
    result = CliRunner().invoke(main, ["clauses", "--defects"])
    assert result.exit_code == 0, result.output
    assert re.findall(r"^(\w+)  P\d  checks/", result.output, re.MULTILINE) == list(clauses())
    assert "rls is on: " in result.output
    assert "rls_off" in result.output


def test_a_check_that_was_never_seen_to_fail_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runbook.coverage.DEFECTS", tmp_path)
    result = CliRunner().invoke(main, ["clauses"])
    assert (result.exit_code, "- rls is on: never seen to fail" in result.output) == (1, True)
