"""`runbook logs` and `--since`, as an operator sees them, where neither API nor database answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runbook.cli import main
from tests.documents import LIVE, VARIABLES
from tests.logs.given import line, request

ROOT = Path(__file__).parents[2]
DENIED = "permission denied for table audit_log"


def runbook(*arguments: str | Path) -> Result:
    return CliRunner(env=VARIABLES).invoke(main, [str(argument) for argument in arguments])


def target(folder: Path, *, api: Sequence[object], database: Sequence[object], more: str = "") -> Path:
    """Settings of a live target with these logs."""
    (folder / "api.log").write_bytes(b"".join(map(line, api)))
    (folder / "database.json").write_bytes(b"".join(map(line, database)))
    path = folder / "mine.toml"
    path.write_text(
        f"{LIVE}\n[logs]\n{more}\n[logs.api]\nkind = 'file'\npath = '{folder}/api.log*'\n"
        f"[logs.database]\nkind = 'file'\npath = '{folder}/database.json'\n",
        encoding="utf-8",
    )
    return path


def message(state: str, text: str, severity: str = "ERROR") -> dict[str, str]:
    now = datetime.now(UTC) - timedelta(minutes=1)
    return {
        "timestamp": f"{now:%Y-%m-%d %H:%M:%S}.000 UTC",
        "error_severity": severity,
        "state_code": state,
        "message": text,
        "application_name": "r1",
    }


def test_it_shows_what_stands_out_with_what_to_do_in_both_languages(tmp_path: Path) -> None:
    refused = {"code": "InvalidToken", "event_id": "e1"}
    api = [request(5), request(5, 500, code="InternalError", request_id="r1"), request(4, 401, **refused), "no json"]
    shown = runbook("logs", "--since", "2h", "--target", target(tmp_path, api=api, database=[message("42501", DENIED)]))
    assert shown.exit_code == 1, shown.stderr
    text = " ".join(shown.stdout.split())
    assert "API: 3 requests, 4 lines, 1 of them malformed" in text
    assert "api.log, line 4: no object of JSON" in text
    assert "500 InternalError (unknown) GET /events - 1 33.33%" in text
    assert "401 InvalidToken GET /events e1 1 33.33%" in text
    assert "request r1 database: ERROR 42501 audit_log" in text
    assert "P1 permission: 1" in text
    assert "Sebuah peran ditolak haknya" in text
    assert "A role was denied a privilege" in text
    assert "nothing is concluded from the decisions: no connection to the database" in text
    assert "\x1b" not in shown.stdout


def test_the_same_as_json(tmp_path: Path) -> None:
    known = target(tmp_path, api=[request(5, 404, code="NotFound")], database=[message("XX001", "x", "WARNING")])
    document = json.loads(runbook("logs", "--since", "2h", "--json", "--target", known).stdout)
    [group] = document["api"]["groups"]
    assert (group["status"], group["code"], group["route"], group["rate"], group["of_route"]) == (
        404,
        "NotFound",
        "GET /events",
        1,
        1,
    )
    assert document["api"]["unknown_codes"] == ["NotFound"]
    assert document["database"]["classes"]["corruption"]["severity"] == "P0"
    assert document["decisions"] is None
    assert set(document["unread"]) == {"decisions"}


def test_where_nothing_stands_out_but_something_is_not_read_it_says_so(tmp_path: Path) -> None:
    known = target(tmp_path, api=[request(90)], database=[message("00000", "ready", "LOG")])
    shown = runbook("logs", "--since", "1h", "--target", known)
    assert shown.exit_code == 3
    assert "nothing is concluded from the API's log: the log has no line of the window" in shown.stdout
    (tmp_path / "api.log").unlink()
    assert f"there is no log {tmp_path}/api.log*" in runbook("logs", "--since", "1h", "--target", known).stdout


def test_what_is_tolerated_does_not_stand_out(tmp_path: Path) -> None:
    tolerated = "[logs.database]\ntolerated = { permission = 1 }\n"
    for count, code in ((1, 3), (2, 1)):
        known = target(tmp_path, api=[request(5)], database=[message("42501", DENIED)] * count)
        known.write_text(known.read_text().replace("[logs.database]\n", tolerated))
        assert runbook("logs", "--since", "2h", "--target", known).exit_code == code


def test_settings_without_logs_and_an_unusable_since_are_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(LIVE, encoding="utf-8")
    shown = runbook("logs", "--target", tmp_path / "mine.toml")
    assert (shown.exit_code, shown.stderr.strip()) == (
        2,
        "the settings name no log: add [logs.api] or [logs.database]",
    )
    known = target(tmp_path, api=[], database=[])
    shown = runbook("logs", "--since", "soon", "--target", known)
    assert shown.exit_code == 2
    assert "soon is neither a span" in shown.stderr
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "checks/logs", "--since", "soon", "--reports", tmp_path / "reports"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--since: soon is neither a span" in run.stderr


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ('[logs.api]\nkind = "file"', 'logs.api: kind = "file" needs path'),
        ('[logs.api]\nkind = "supabase"\nsql = "x"', 'logs.api: kind = "supabase" needs url and token'),
        ('[logs.api]\nkind = "journald"', 'logs.api: kind = "journald" needs name'),
        ('[logs.api]\nkind = "file"\npath = "api.log"', "logs.api.path: must be an absolute path"),
        ('[logs]\nsince = "a while"', "logs.since: "),
        (
            '[logs.database]\nkind = "file"\npath = "/x"\ntolerated = { deadlocks = 1 }',
            "logs.database.tolerated: deadlocks is none of corruption, panic",
        ),
    ],
)
def test_faults_of_the_settings_are_told_by_their_key(tmp_path: Path, part: str, fault: str) -> None:
    (tmp_path / "mine.toml").write_text(f"{LIVE}\n{part}\n", encoding="utf-8")
    shown = runbook("logs", "--target", tmp_path / "mine.toml")
    assert shown.exit_code == 2
    assert fault in shown.stderr


def test_checks_without_a_log_in_the_settings_prove_nothing_and_say_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(LIVE, encoding="utf-8")
    shown = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "checks/logs",
            "--target",
            tmp_path / "mine.toml",
            "--reports",
            tmp_path / "r",
        ],
        cwd=ROOT,
        env={**os.environ, **VARIABLES},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == 3, shown.stdout
    [record] = (tmp_path / "r").glob("*/run.jsonl")
    checks = [found for text in record.read_text().splitlines() if (found := json.loads(text))["type"] == "check"]
    assert {check["outcome"] for check in checks} == {"unverified"}
    assert {check["clause"] for check in checks} >= {"L1", "L2", "L4"}
    mine = {check["reason"] for check in checks if check["clause"] != "L3"}
    assert mine == {"the settings have no [logs] part; add it, or declare the clause out of scope"}
