"""Where logs come from: nothing is lost, nothing is read twice, and what cannot be read is never an empty log."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from runbook.errors import Unreachable, Unverified
from runbook.logs import sources
from runbook.logs.sources import blocks, whole_lines
from runbook.logs.window import Window
from runbook.settings_logs import LogSource
from tests.logs.given import NOW, WINDOW, joined
from tests.servers import Reply, Server, closed_port

OLD = (NOW - timedelta(hours=2)).timestamp()


def files(pattern: Path) -> LogSource:
    return LogSource(kind="file", path=str(pattern))


def command(*argv: str, seconds: float = 20) -> LogSource:
    return LogSource(kind="command", command=argv, seconds=seconds)


def python(code: str, seconds: float = 20) -> LogSource:
    return command(sys.executable, "-c", code, seconds=seconds)


class TestFiles:
    def test_rotated_and_gzipped_files_are_read_oldest_first_and_each_once(self, tmp_path: Path) -> None:
        (tmp_path / "api.log").write_text("4\n")
        (tmp_path / "api.log.1").write_text("3\n")
        with gzip.open(tmp_path / "api.log.2.gz", "wb") as file:
            file.write(b"1\n2\n")
        with gzip.open(tmp_path / "api.log.1.gz", "wb") as file:  # is just being made of api.log.1
            file.write(b"3\n")
        for age, name in enumerate(["api.log", "api.log.1", "api.log.2.gz"]):
            os.utime(tmp_path / name, (NOW.timestamp() - age, NOW.timestamp() - age))
        assert joined(blocks(files(tmp_path / "api.log*"), WINDOW)) == b"1\n2\n3\n4\n"

    def test_a_file_that_two_names_lead_to_is_read_once(self, tmp_path: Path) -> None:
        (tmp_path / "api.log").write_text("1\n")
        (tmp_path / "api.log.link").hardlink_to(tmp_path / "api.log")
        assert joined(blocks(files(tmp_path / "api.log*"), WINDOW)) == b"1\n"

    def test_files_that_ended_before_the_window_are_left_out_but_for_the_newest(self, tmp_path: Path) -> None:
        for name in ("api.log", "api.log.1"):
            (tmp_path / name).write_text(f"{name}\n")
        os.utime(tmp_path / "api.log.1", (OLD - 60, OLD - 60))
        assert joined(blocks(files(tmp_path / "api.log*"), WINDOW)) == b"api.log\n"
        os.utime(tmp_path / "api.log", (OLD, OLD))
        assert joined(blocks(files(tmp_path / "api.log*"), WINDOW)) == b"api.log\n"

    def test_what_is_rotated_while_it_is_read_is_read_to_its_end(self, tmp_path: Path) -> None:
        log = tmp_path / "api.log"
        log.write_bytes(b"x" * 100 + b"\n" + b"y" * (2 * sources.CHUNK) + b"\n")
        read = blocks(files(tmp_path / "api.log*"), WINDOW)
        first = next(read)
        log.rename(tmp_path / "api.log.1")
        log.write_text("new\n")
        assert len(first.data) + len(joined(read)) == 2 * sources.CHUNK + 102

    def test_a_file_that_is_rotated_just_when_it_is_opened_is_not_lost(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = tmp_path / "api.log"
        log.write_text("old\n")
        named, calls = sources._named, []

        def rotated(pattern: str) -> list[str]:
            calls.append(found := named(pattern))
            if len(calls) == 1:
                log.rename(tmp_path / "api.log.1")
                log.write_text("new\n")
            return found

        monkeypatch.setattr(sources, "_named", rotated)
        assert set(joined(blocks(files(tmp_path / "api.log*"), WINDOW)).split()) == {b"old", b"new"}

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(Unverified, match="there is no log"):
            joined(blocks(files(tmp_path / "api.log*"), WINDOW))
        (tmp_path / "api.log").mkdir()
        with pytest.raises(Unverified, match="there is no log"):
            joined(blocks(files(tmp_path / "api.log"), WINDOW))

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    def test_a_file_that_may_not_be_read_is_told(self, nobody: Path) -> None:
        with pytest.raises(Unverified, match=r"api\.log cannot be opened \(Permission denied\)"):
            joined(blocks(files(nobody / "api.log"), WINDOW))

    def test_a_binary_file_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "api.log").write_bytes(b"\x7fELF\x02\x00\x00" + bytes(100))
        with pytest.raises(Unverified, match=r"api\.log is no text: it is a binary file"):
            joined(blocks(files(tmp_path / "api.log"), WINDOW))

    def test_a_gzip_file_that_is_cut_off_is_told(self, tmp_path: Path) -> None:
        whole = gzip.compress(os.urandom(5000).hex().encode())
        (tmp_path / "api.log.gz").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(Unverified, match="the gzip file is damaged or cut off"):
            joined(blocks(files(tmp_path / "api.log.gz"), WINDOW))

    def test_lines_are_numbered_over_blocks_and_stay_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "CHUNK", 8)
        data = b"".join(b"line %d\n" % number for number in range(50)) + b"no end"
        left = [data]

        def read(size: int) -> bytes:
            taken, left[0] = left[0][:size], left[0][size:]
            return taken

        found = list(whole_lines(read, "x"))
        assert joined(found) == data
        assert all(one.data.endswith(b"\n") for one in found[:-1])
        assert [one.first for one in found] == [1 + joined(found[:index]).count(b"\n") for index in range(len(found))]

    def test_a_line_without_end_does_not_fill_the_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "LONGEST", 5 * sources.CHUNK)
        asked = []

        def read(size: int) -> bytes:
            asked.append(size)
            return b"x" * size

        with pytest.raises(Unverified, match="line 1 is longer than 5 MB: is it a log"):
            joined(whole_lines(read, "x"))
        assert len(asked) == 6


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder with a log that this process may not read, even where it is root: it is nobody meanwhile."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "api.log").write_text("secret\n")
    (folder / "api.log").chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        shutil.rmtree(folder)


class TestCommand:
    def test_its_output_is_the_log_and_since_is_filled_in(self) -> None:
        found = blocks(command(sys.executable, "-c", "import sys; print(sys.argv[1])", "{since}"), WINDOW)
        assert joined(found).decode().strip() == WINDOW.since.isoformat()

    def test_one_that_fails_is_told_whatever_it_printed(self) -> None:
        with pytest.raises(Unverified, match="ended with exit code 3"):
            joined(blocks(python("print('half of it'); raise SystemExit(3)"), WINDOW))

    def test_one_that_is_not_there_is_told(self) -> None:
        with pytest.raises(Unverified, match=r"no-such-program cannot be run \(No such file"):
            joined(blocks(command("no-such-program"), WINDOW))

    @pytest.mark.skipif(os.name != "posix", reason="a shell's children")
    def test_one_that_does_not_end_is_stopped_with_its_children(self) -> None:
        slow = command("sh", "-c", "echo one; sleep 60 & wait", seconds=0.3)
        with pytest.raises(Unverified, match=r"did not end within 0\.3 s"):
            joined(blocks(slow, WINDOW))

    def test_one_that_nobody_reads_on_is_stopped(self) -> None:
        read = blocks(python("while True: print('x' * 100)"), WINDOW)
        assert isinstance(read, Iterator)
        next(read)
        read.close()  # type: ignore[attr-defined]
        with pytest.raises(StopIteration):
            next(read)


class TestContainers:
    def test_what_docker_wraps_and_cuts_is_whole_again_by_stream(self, tmp_path: Path) -> None:
        container(tmp_path, "aaa", "api", ["out", "a", ""], ["err", "b\n", ""], ["out", "c\n", ""])
        container(tmp_path, "bbb", "database", ["out", "other\n", ""])
        named = LogSource(kind="containers", path=str(tmp_path), name="api")
        assert joined(blocks(named, WINDOW)) == b"b\nac\n"
        both = LogSource(kind="containers", path=str(tmp_path))
        assert joined(blocks(both, WINDOW)) == b"b\nac\nother\n"

    def test_a_line_that_is_not_wrapped_stays_to_be_counted(self, tmp_path: Path) -> None:
        folder = container(tmp_path, "aaa", "api", ["out", "fine\n", ""])
        with next(folder.glob("*-json.log")).open("a") as log:
            log.write("{cut")
        assert joined(blocks(LogSource(kind="containers", path=str(tmp_path)), WINDOW)) == b"fine\n{cut\n"

    def test_a_name_that_no_container_has_is_told(self, tmp_path: Path) -> None:
        container(tmp_path, "aaa", "api")
        with pytest.raises(Unverified, match="holds no container of the name apo"):
            joined(blocks(LogSource(kind="containers", path=str(tmp_path), name="apo"), WINDOW))
        with pytest.raises(Unverified, match="cannot be read"):
            joined(blocks(LogSource(kind="containers", path=str(tmp_path / "none")), WINDOW))


def container(root: Path, id_: str, name: str, *pieces: list[str]) -> Path:
    folder = root / id_
    folder.mkdir()
    (folder / "config.v2.json").write_text(json.dumps({"Name": f"/{name}"}))
    lines = [json.dumps({"stream": stream, "log": text, "time": time}) for stream, text, time in pieces]
    (folder / f"{id_}-json.log").write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_the_journal_is_asked_since_the_window_and_its_messages_are_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[object] = ["text", list(b"bytes \xff"), None]
    lines = "\n".join(json.dumps({"MESSAGE": message, "_PID": "1"}) for message in messages)
    program = tmp_path / "journalctl"
    program.write_text(f"#!/bin/sh\ncat <<'X'\n{lines}\nX\necho \"$@\" > {tmp_path}/asked\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    found = joined(blocks(LogSource(kind="journald", name="api.service"), WINDOW))
    assert found == b"text\nbytes \xff\n\n"
    asked = (tmp_path / "asked").read_text()
    assert "--unit=api.service" in asked
    assert f"--since=@{WINDOW.since.timestamp():.0f}" in asked


class TestSupabase:
    def source(self, url: str) -> LogSource:
        return LogSource.model_construct(
            kind="supabase", url=url, token=SecretStr("sbp_canary"), sql="select 1", seconds=5
        )

    def test_rows_are_lines_and_the_token_goes_along(self) -> None:
        with Server(Reply(body=b'{"result": [{"id": 1}, {"id": 2}]}')) as server:
            assert joined(blocks(self.source(server.url), WINDOW)) == b'{"id": 1}\n{"id": 2}\n'
            [sent] = server.requests
        assert sent.values("authorization") == ["Bearer sbp_canary"]
        asked = parse_qs(urlsplit(sent.path).query)
        assert asked["iso_timestamp_start"] == [WINDOW.since.isoformat()]
        assert asked["iso_timestamp_end"] == [WINDOW.until.isoformat()]

    def test_a_span_with_too_many_rows_is_cut_in_half_and_nothing_is_lost(self) -> None:
        full = Reply(body=json.dumps({"result": [{"n": n} for n in range(1000)]}).encode())
        halves = [Reply(body=b'{"result": [{"n": 1}]}'), Reply(body=b'{"result": [{"n": 2}]}')]
        with Server(full, *halves) as server:
            assert joined(blocks(self.source(server.url), WINDOW)) == b'{"n": 1}\n{"n": 2}\n'
            spans = [parse_qs(urlsplit(sent.path).query) for sent in server.requests]
        middle = spans[1]["iso_timestamp_end"]
        assert spans[2]["iso_timestamp_start"] == middle
        assert (spans[1]["iso_timestamp_start"], spans[2]["iso_timestamp_end"]) == (
            spans[0]["iso_timestamp_start"],
            spans[0]["iso_timestamp_end"],
        )

    def test_no_span_is_longer_than_the_endpoint_takes(self) -> None:
        days = Window(NOW - timedelta(days=3, hours=1), NOW, "days")
        with Server(Reply(body=b'{"result": []}')) as server:
            assert joined(blocks(self.source(server.url), days)) == b""
            assert len(server.requests) == 4

    @pytest.mark.parametrize(
        ("reply", "told"),
        [
            (Reply(401), "answered 401"),
            (Reply(429), "answered 429"),
            (Reply(body=b"<html>"), "did not answer with rows"),
            (Reply(body=b'{"result": [], "error": "no such table"}'), "refused the query"),
            (Reply(body=b'{"message": "x"}'), "refused the query"),
        ],
    )
    def test_what_is_no_rows_is_told(self, reply: Reply, told: str) -> None:
        with Server(reply) as server, pytest.raises(Unverified, match=told):
            joined(blocks(self.source(server.url), WINDOW))

    def test_more_rows_of_one_moment_than_it_hands_out_is_told_and_comes_to_an_end(self) -> None:
        full = Reply(body=json.dumps({"result": [{}] * 1000}).encode())
        with Server(full) as server, pytest.raises(Unverified, match="more than 1000 lines of one moment"):
            joined(blocks(self.source(server.url), WINDOW))

    def test_no_answer_is_told(self) -> None:
        with pytest.raises(Unreachable, match="gave no answer"):
            joined(blocks(self.source(f"http://127.0.0.1:{closed_port()}"), WINDOW))


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's own memory stands in /proc")
def test_a_long_log_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """Peaks of two processes: one reads 4 MB, the other 80 MB."""
    code = """
import re, sys
from pathlib import Path
from runbook.logs.api_log import read_log
from tests.logs.given import WINDOW, api_log
report = read_log(api_log(path=sys.argv[1]), WINDOW, 5)
print(report.requests, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
    line = f'{{"time": "{WINDOW.until.isoformat()}", "status": 404, "route": "/events", "padding": "{"x" * 800}"}}\n'
    found = []
    for count in (4_000, 80_000):
        (tmp_path / "api.log").write_text(line * count)
        run = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "api.log"],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        requests, peak = map(int, run.stdout.split())
        assert requests == count
        found.append(peak)
    assert found[1] < found[0] + 12_000  # kilobytes
