"""`runbook up`, `down`, `restart` and `status` on a target whose parts have commands of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runbook.cli import main
from tests.documents import VARIABLES
from tests.lifecycle.system import document

Run = Callable[[str], Result]


@pytest.fixture
def runbook(tmp_path: Path) -> Run:
    (tmp_path / "mine.toml").write_text(document("supabase", "api"), encoding="utf-8")
    return lambda command: CliRunner(env=VARIABLES).invoke(main, [command, "--target", str(tmp_path / "mine.toml")])


def test_status_is_one_table_of_all_parts(runbook: Run, tmp_path: Path) -> None:
    (tmp_path / "supabase").touch()
    shown = runbook("status")
    assert shown.exit_code == 1
    assert [line.split() for line in shown.output.splitlines()] == [
        ["part", "state", "processes", "listens", "at"],
        ["supabase", "ready", "-", "127.0.0.1:9"],
        ["api", "stopped", "-", "127.0.0.1:9"],
    ]
    (tmp_path / "api").touch()
    assert runbook("status").exit_code == 0


def test_up_starts_what_does_not_run_restart_and_down_keep_the_order(runbook: Run, tmp_path: Path) -> None:
    (tmp_path / "api").touch()
    assert runbook("up").exit_code == 0
    assert runbook("restart").exit_code == 0
    assert runbook("down").exit_code == 0
    assert (tmp_path / "log").read_text().splitlines() == [
        "start supabase",
        *("stop api", "stop supabase", "start supabase", "start api"),
        *("stop api", "stop supabase"),
    ]


def test_the_first_that_fails_ends_it(runbook: Run, tmp_path: Path) -> None:
    text = document("supabase", "api").replace("echo start supabase >> log; touch supabase", "exit 7")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    shown = runbook("up")
    assert shown.exit_code == 1
    assert "supabase  the command ended with exit code 7" in shown.output
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("command", ["down", "restart"])
def test_what_may_not_be_stopped_is_not(runbook: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "mine.toml").write_text(document("api", stopped="false"), encoding="utf-8")
    shown = runbook(command)
    assert (shown.exit_code, "may_be_stopped" in shown.output) == (2, True)
    assert not (tmp_path / "log").exists()


def test_settings_that_let_production_be_stopped_are_refused(runbook: Run, tmp_path: Path) -> None:
    text = document("api", severity="production").replace("http://", "https://")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    shown = runbook("status")
    assert shown.exit_code == 2
    assert "may_be_stopped: production is never stopped by a check" in shown.output


def test_a_target_without_parts_says_so(runbook: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(document(), encoding="utf-8")
    shown = runbook("status")
    assert (shown.exit_code, "mine has no [parts]" in shown.output) == (2, True)
