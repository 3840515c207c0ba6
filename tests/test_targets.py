"""A started target answers, and is gone when the suite is, however that ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from runbook.cli import main
from runbook.errors import SettingsError, TargetError
from runbook.settings_start import Start
from runbook.targets import embedded, opened, startable
from tests.documents import LIVE, VARIABLES

DEADLINE = 20
"""Seconds; only a failing test waits that long."""

ANSWER = "import json, os, sys; print(json.dumps({'T_PID': os.getpid(), 'T_ARGS': sys.argv[1:]}), flush=True);"
UNTIL_EOF = "sys.stdin.read(); open('stopped', 'w').close()"
HEEDFUL = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM});"
UNTIL_TOLD = "signal.sigwait({signal.SIGTERM}); open('stopped', 'w').close()"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
WITH_A_CHILD = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "open('child', 'w').write(str(child.pid));"
)
STARTED = "open('started', 'w').write(str(__import__('os').getpid()));"


def starting(code: str, seconds: float = DEADLINE) -> Start:
    """A target whose command is a line of Python."""
    return Start(command=("{python}", "-S", "-c", code), provides="T_", seconds=seconds)


def document(before: str, until: str) -> str:
    """The settings of a target that does something, provides T_URL and T_PID, and runs until something."""
    answer = ANSWER.replace("'T_PID'", "'T_URL': 'http://api.example', 'T_PID'")
    command = ["{python}", "-S", "-c", before + answer + until]
    start = f'[start]\ncommand = {json.dumps(command)}\nprovides = "T_"\n[timeouts]'
    return LIVE.replace('backend = "live"', 'backend = "embedded"').replace("[timeouts]", start)


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not met():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start_and_stop(start: Start, folder: Path) -> None:
    with embedded.running("mine", start, folder):
        pass


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is nobody's target."""
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_it_is_started_answers_and_is_stopped_by_the_end_of_its_input(tmp_path: Path) -> None:
    with embedded.running("mine", starting(ANSWER + UNTIL_EOF), tmp_path) as provided:
        pid = int(provided["T_PID"])
        assert runs(pid)
        assert not (tmp_path / "stopped").exists()
    assert not runs(pid)
    assert (tmp_path / "stopped").exists()


def test_it_is_given_a_state_folder_of_its_own(tmp_path: Path) -> None:
    with embedded.running("mine", starting(ANSWER + UNTIL_EOF), tmp_path) as provided:
        assert provided["T_ARGS"] == str(["--state", str(tmp_path / ".runbook" / f"mine-{os.getpid()}")])
    assert stat.S_IMODE((tmp_path / ".runbook").stat().st_mode) == 0o700


def test_it_is_stopped_when_a_check_raises(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyError),
        embedded.running("mine", starting(ANSWER + UNTIL_EOF), tmp_path) as provided,
    ):
        raise KeyError(provided["T_PID"])
    assert (tmp_path / "stopped").exists()


@pytest.mark.parametrize("code", ["import sys;" + UNTIL_EOF, "print('{', end='', flush=True); import sys;" + UNTIL_EOF])
def test_a_silent_command_times_out_and_is_stopped_in_an_orderly_way(tmp_path: Path, code: str) -> None:
    """It is told first, so that it can take down what it has started."""
    told = "import signal, os; signal.signal(signal.SIGTERM, lambda *_: None);" + STARTED + code
    with pytest.raises(TargetError, match=r"^the target did not answer within 1 s \(start\.seconds\)$"):
        start_and_stop(starting(told, 1), tmp_path)
    assert (tmp_path / "stopped").exists()
    assert not runs(int((tmp_path / "started").read_text()))


def test_a_silent_command_that_will_not_stop_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that lived on would hold the pipe that is read from."""
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.2)
    with pytest.raises(TargetError, match="did not answer"):
        start_and_stop(starting(STARTED + WITH_A_CHILD + STUBBORN, 1), tmp_path)
    wait_until(lambda: not runs(int((tmp_path / "child").read_text())))
    assert not runs(int((tmp_path / "started").read_text()))


def test_a_target_that_will_not_stop_is_killed_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "STOP_SECONDS", 0.2)
    with (
        pytest.raises(TargetError, match=r"did not stop within 0\.2 s"),
        embedded.running("mine", starting(ANSWER + WITH_A_CHILD + STUBBORN), tmp_path) as provided,
    ):
        wait_until((tmp_path / "child").exists)
    assert not runs(int(provided["T_PID"]))
    wait_until(lambda: not runs(int((tmp_path / "child").read_text())))


@pytest.mark.parametrize(
    "code", ["raise SystemExit('its own reason')", "raise SystemExit(0)", "import os; os._exit(3)"]
)
def test_a_crashing_command_is_told_and_its_own_words_are_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], code: str
) -> None:
    with pytest.raises(TargetError, match=r"^the target did not start; the reason stands above$"):
        start_and_stop(starting(code), tmp_path)
    assert ("its own reason" in capfd.readouterr().err) == ("its own reason" in code)


@pytest.mark.parametrize("line", ["starting ...", "[1]", "null", '"text"', "{"])
@pytest.mark.parametrize("begin", [start_and_stop, lambda start, folder: embedded.up("mine", start, folder)])
def test_a_command_that_answers_something_else_is_told_and_stopped(
    tmp_path: Path, line: str, begin: Callable[[Start, Path], object]
) -> None:
    start = starting(STARTED + f"print({line!r}, flush=True); import time; time.sleep(60)")
    with pytest.raises(TargetError, match="first line is not a JSON object of variables"):
        begin(start, tmp_path)
    assert not runs(int((tmp_path / "started").read_text()))
    assert embedded.find("mine", start, tmp_path) is None


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    start = Start(command=("no-such-program",), provides="T_")
    with pytest.raises(TargetError, match=r"^start\.command: no-such-program cannot be run \(No such file"):
        start_and_stop(start, tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    start = starting(ANSWER).model_copy(update={"folder": "nowhere"})
    with pytest.raises(TargetError, match=r"^start\.folder: .*nowhere/\.runbook cannot be made \(No such file"):
        start_and_stop(start, tmp_path)


OWNER = """
import signal, sys, time
from pathlib import Path
from runbook.settings_start import Start
from runbook.targets import embedded
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started without it
start = Start(command=("{python}", "-S", "-c", sys.argv[1]), provides="T_")
with embedded.running("mine", start, Path(sys.argv[2])) as provided:
    print(provided["T_PID"], flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_nothing_keeps_running_when_the_suite_is_killed(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, ANSWER + UNTIL_EOF, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        try:
            assert runs(pid)
            owner.send_signal(how)
            owner.wait(DEADLINE)
        finally:
            owner.kill()
        wait_until(lambda: not runs(pid))
    assert (tmp_path / "stopped").exists()


def test_a_detached_command_that_crashes_is_quoted_and_leaves_its_log(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"did not start; its own reason$"):
        embedded.up("mine", starting("raise SystemExit('its own reason')"), tmp_path)
    assert (tmp_path / ".runbook" / "mine.log").read_text() == "its own reason\n"


class Commands:
    """`runbook` by hand, on a target of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "mine.toml"
        self.file.write_text(document(HEEDFUL, UNTIL_TOLD), encoding="utf-8")
        self.start = starting(ANSWER)

    def up(self) -> str:
        """Start it, from a process that then ends; what was shown."""
        return subprocess.run(
            [sys.executable, "-c", "from runbook.cli import main; main()", "up", "--target", str(self.file)],
            env={**os.environ, **VARIABLES},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=DEADLINE,
        ).stdout

    def __call__(self, command: str) -> tuple[int, str]:
        """Exit code and what was shown."""
        result = CliRunner(env=VARIABLES).invoke(main, [command, "--target", str(self.file)])
        return result.exit_code, result.output

    def found(self) -> embedded.Detached | None:
        """What `up` left running."""
        return embedded.find("mine", self.start, self.folder)


@pytest.fixture
def runbook(tmp_path: Path) -> Iterator[Commands]:
    commands = Commands(tmp_path)
    yield commands
    if (found := commands.found()) is not None:
        found.process.kill()


def test_up_leaves_it_running_and_down_stops_it(runbook: Commands) -> None:
    assert runbook.found() is None
    assert runbook("status")[0] == 1
    shown = runbook.up()
    assert "http://api.example" in shown
    assert "--state" not in shown, "of what it provides, only addresses are shown"

    found = runbook.found()
    assert found is not None
    pid = found.process.pid
    assert found.provided["T_PID"] == str(pid)
    assert "--detached" in found.provided["T_ARGS"]
    note = embedded.note_of("mine", runbook.start, runbook.folder)
    assert stat.S_IMODE(note.stat().st_mode) == 0o600

    code, shown = runbook("up")
    assert (code, "is running already" in shown) == (2, True)
    assert runbook("status")[0] == 0
    with embedded.running("mine", runbook.start, runbook.folder) as provided:
        logs = {embedded.LOGS: str(runbook.folder / ".runbook" / "mine" / "logs")}
        assert provided == found.provided | logs, "the one that runs is used, and no other is started"
    assert runs(pid), "and it is left running"

    assert runbook("down") == (0, "mine is stopped\n")
    assert not runs(pid)
    assert (runbook.folder / "stopped").exists()
    assert runbook.found() is None
    assert not note.exists()
    assert runbook("down") == (0, "mine was not running\n")


def note(folder: Path, pid: int, born: float) -> Path:
    """What `up` would have written about a process."""
    (folder / ".runbook").mkdir()
    path = embedded.note_of("mine", starting(ANSWER), folder)
    path.write_text(json.dumps({"pid": pid, "born": born, "provided": {}}), encoding="utf-8")
    return path


def test_another_process_that_was_given_its_number_is_not_mistaken_for_it(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    path = note(tmp_path, bystander.pid, psutil.Process(bystander.pid).create_time() - 60)
    assert not embedded.down("mine", starting(ANSWER), tmp_path)
    assert bystander.poll() is None, "and it is not stopped"
    assert not path.exists()


def test_a_small_adjustment_of_the_clock_does_not_lose_it(tmp_path: Path, bystander: subprocess.Popen[bytes]) -> None:
    """The time of a process's birth is reckoned from the machine's start, by the clock."""
    note(tmp_path, bystander.pid, psutil.Process(bystander.pid).create_time() + 0.5)
    found = embedded.find("mine", starting(ANSWER), tmp_path)
    assert found is not None
    assert found.process.pid == bystander.pid


def test_one_that_has_ended_is_not_found_and_forgotten(tmp_path: Path, bystander: subprocess.Popen[bytes]) -> None:
    path = note(tmp_path, bystander.pid, psutil.Process(bystander.pid).create_time())
    bystander.kill()
    wait_until(lambda: not runs(bystander.pid))  # a zombie is not running either
    assert embedded.find("mine", starting(ANSWER), tmp_path) is None
    assert not path.exists()


def test_a_live_target_is_opened_and_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "mine.toml").write_text(LIVE, encoding="utf-8")
    monkeypatch.setenv(embedded.LOGS, "those of another")
    with opened(tmp_path / "mine.toml") as target:
        assert target.settings.name == "mine"
        assert target.provided == {}
        assert target.logs is None
    with pytest.raises(TargetError, match="a live target is not started or stopped from here"):
        startable(tmp_path / "mine.toml")


@pytest.mark.parametrize("variable", ["T_URL", "T_OTHER"])
def test_what_a_target_provides_is_in_the_settings_and_what_it_does_not_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    text = document("", UNTIL_EOF).replace('base_url = "http://127.0.0.1:9"', f'base_url = {{ env = "{variable}" }}')
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    if variable == "T_URL":
        with opened(tmp_path / "mine.toml") as target:
            assert target.settings.api.base_url == "http://api.example"
            assert target.provided["T_URL"] == "http://api.example"
            assert target.logs == tmp_path / ".runbook" / f"mine-{os.getpid()}" / "logs"
    else:
        with (
            pytest.raises(SettingsError, match=r"api\.base_url: the environment variable T_OTHER is not set"),
            opened(tmp_path / "mine.toml"),
        ):
            pass
    assert (tmp_path / "stopped").exists()
