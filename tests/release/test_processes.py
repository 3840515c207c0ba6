"""Commands end when their time is over, and nothing of them outlives this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runbook.errors import Unverified
from runbook.release.processes import KEPT_BYTES, folder, run

SECONDS = 20


def until(holds: Callable[[], bool]) -> None:
    """Poll until it holds, for SECONDS at most."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_command_is_run_where_it_is_told_and_both_of_its_outputs_are_kept(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), flush=True); print('told', file=sys.stderr); sys.exit(7)"
    finished = run(["{python}", "-c", code], tmp_path, SECONDS)
    assert (finished.code, finished.output.split()) == (7, [str(tmp_path), "told"])


def test_of_a_long_output_the_end_is_kept(tmp_path: Path) -> None:
    finished = run(["{python}", "-c", f"print('x' * {KEPT_BYTES}); print('the end')"], tmp_path, SECONDS)
    assert finished.output.startswith("[9 bytes before this are left out]\n")
    assert finished.output.endswith("x\nthe end\n")


def test_a_time_limit_ends_the_command_with_everything_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    finished = run(["sh", "-c", f"sleep 300 & echo $! > '{started}'; echo begun; wait"], tmp_path, 0.5)
    assert (finished.code, finished.output) == (None, "begun\n")
    until(lambda: gone(int(started.read_text(encoding="ascii"))))


def test_what_a_command_leaves_running_ends_with_it(tmp_path: Path) -> None:
    finished = run(["sh", "-c", "sleep 300 > /dev/null & echo $!"], tmp_path, SECONDS)
    assert finished.code == 0
    until(lambda: gone(int(finished.output)))


def test_a_command_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNBOOK_DATABASE_DSN", "PGPASSWORD", "GIT_DIR", "PYTHONPATH", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a-secret-of-the-environment")
    finished = run(["env"], tmp_path, SECONDS, {"DATABASE_URL": "given"})
    assert "a-secret-of-the-environment" not in finished.output
    assert "DATABASE_URL=given\n" in finished.output


def test_a_program_that_is_not_there_is_unverified(tmp_path: Path) -> None:
    with pytest.raises(Unverified, match="no-such-linter cannot be run"):
        run(["no-such-linter"], tmp_path, SECONDS)


def test_a_folder_is_gone_afterwards() -> None:
    with folder() as home:
        (home / "file").touch()
        assert home.stat().st_mode & 0o077 == 0
    assert not home.exists()


KILLED = """
import sys
from pathlib import Path
from runbook.release.processes import folder, run
with folder() as home:
    print(home, flush=True)
    run(["sh", "-c", "echo $$ > pid; exec sleep 300"], home, 300)
"""


def test_nothing_is_left_when_this_process_is_killed() -> None:
    owner = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    home = Path(owner.stdout.readline().strip())
    until(lambda: (home / "pid").exists() and (home / "pid").read_text(encoding="ascii") != "")
    pid = int((home / "pid").read_text(encoding="ascii"))
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    until(lambda: gone(pid) and not home.exists())
