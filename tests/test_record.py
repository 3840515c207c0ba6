"""The record of a run: whole lines, redacted, there as soon as they are written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runbook.evidence.journal import Journal
from runbook.evidence.record import CheckRecord, RunRecord, new_folder
from runbook.evidence.redact import MARK, Redactor
from runbook.evidence.verdict import Verdict


def lines(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return RunRecord(tmp_path / "new" / "run", Redactor(["a-secret"]))


def test_a_line_is_there_as_soon_as_it_is_written(record: RunRecord) -> None:
    record.write("start", target="mine")
    [line] = lines(record.path)
    record.write("verdict", verdict=Verdict.PASSED)
    assert [line["type"], line["target"]] == ["start", "mine"]
    assert [more["type"] for more in lines(record.path)] == ["start", "verdict"]
    assert lines(record.path)[1]["verdict"] == "PASSED"
    record.close()


def test_a_line_says_when_in_utc(record: RunRecord) -> None:
    record.write("start")
    record.close()
    [line] = lines(record.path)
    at = datetime.fromisoformat(str(line["at"]))
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)


def test_a_check_is_written_with_everything_that_is_known_of_it(record: RunRecord) -> None:
    check = CheckRecord("checks/x.py::test_y", "H1", "P0", "violated", 0.25, "answered 200", [{"kind": "http", "n": 1}])
    record.check(check)
    record.close()
    [line] = lines(record.path)
    del line["at"], line["previous"]
    assert line == {
        "type": "check",
        "check": "checks/x.py::test_y",
        "clause": "H1",
        "severity": "P0",
        "outcome": "violated",
        "duration": 0.25,
        "reason": "answered 200",
        "observation": [{"kind": "http", "n": 1}],
    }


def test_what_is_written_is_redacted(record: RunRecord) -> None:
    record.check(CheckRecord("test[a-secret]", "H1", "P0", "held", 0.1, "a-secret", [{"request": "GET /a-secret"}]))
    record.write("start", note={"a-secret": ["organizer@mine.example"]})
    record.close()
    text = record.path.read_text(encoding="utf-8")
    assert "a-secret" not in text
    assert "organizer@" not in text
    assert lines(record.path)[0]["check"] == f"test[{MARK}]"


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=[]), max_size=20), min_size=1, max_size=4))
@example(texts=["\ud800", "half \udc00 pairs", "\ud83d\ude00", "\u2028\x85\r\n\x0c"])
def test_any_text_is_one_line_that_reads_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Line breaks of every kind, and half surrogate pairs, which no UTF-8 holds."""
    record = RunRecord(tmp_path_factory.mktemp("record"), Redactor())
    for text in texts:
        record.write("note", text=text)
    record.close()
    # The half pairs of a text may stand side by side in it: read back they are the one character that they make.
    expected = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    found = [
        str(line["text"]).encode("utf-16", "surrogatepass").decode("utf-16", "replace") for line in lines(record.path)
    ]
    assert found == [str(Redactor().value(text)) for text in expected]


def test_a_record_that_is_there_is_never_written_over(record: RunRecord) -> None:
    record.write("start")
    with pytest.raises(FileExistsError):
        RunRecord(record.path.parent, Redactor())
    assert len(lines(record.path)) == 1
    record.close()


def test_a_closed_record_takes_nothing_more(record: RunRecord) -> None:
    record.close()
    with pytest.raises(ValueError, match="closed"):
        record.write("start")


def test_what_was_written_stays_when_the_process_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from runbook.evidence.record import RunRecord;"
        "from runbook.evidence.redact import Redactor;"
        "record = RunRecord(Path(sys.argv[1]), Redactor()); record.write('start'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "run")], check=False)
    assert [line["type"] for line in lines(tmp_path / "run" / "run.jsonl")] == ["start"]


def test_a_folder_is_named_for_the_time_the_settings_and_the_process(tmp_path: Path) -> None:
    folder = new_folder(tmp_path, "mine")
    assert folder.parent == tmp_path
    found = re.fullmatch(r"(\d{8}T\d{6}Z)-mine-\d+", folder.name)
    assert found is not None
    at = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)


def test_a_journal_gives_its_facts_once_and_in_order() -> None:
    journal = Journal()
    journal.note("http", status=200, code=None)
    journal.note("database", connected=True)
    assert journal.take() == [{"kind": "http", "status": 200}, {"kind": "database", "connected": True}]
    assert journal.take() == []
