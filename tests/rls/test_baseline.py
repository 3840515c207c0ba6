"""What a person approved is kept as it was, and every difference from it is told by name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.errors import RunbookError, Unverified
from runbook.rls.baseline import VERSION, Access, access_changes, approve, differences, observed_access, read
from runbook.rls.catalog import Catalog
from runbook.rls.cells import Cell

STATE = {"policies": {"public.t: p": "permissive select to anon"}, "grants": {}, "roles": {"größe": "inherits"}}
ACCESS: Access = {"public.t": {"organizer": ["select", "insert"], "anonymous": []}}
CATALOG = Catalog({}, (), STATE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.baseline.json"


class TestAnApproval:
    def test_it_is_read_as_it_was_given_with_whom_why_and_when(self, path: Path) -> None:
        given = approve(path, "Sari", "first look — ok", ACCESS, CATALOG)
        found = read(path)
        assert found == given
        assert (found.by, found.why, found.access, found.state) == ("Sari", "first look — ok", ACCESS, STATE)
        assert found.version == VERSION
        at = datetime.fromisoformat(found.at)
        assert at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)

    def test_it_takes_the_place_of_the_last_one_and_leaves_nothing_beside_it(self, path: Path) -> None:
        approve(path, "Sari", "one", ACCESS, CATALOG)
        approve(path, "Budi", "two", {}, CATALOG)
        assert (read(path).by, read(path).access) == ("Budi", {})
        assert list(path.parent.iterdir()) == [path]

    def test_it_is_text_that_git_can_compare(self, path: Path) -> None:
        approve(path, "Sari", "one", ACCESS, CATALOG)
        text = path.read_text(encoding="utf-8")
        assert text.endswith("}\n")
        assert "größe" in text
        shuffled = Catalog({}, (), dict(reversed(list(STATE.items()))))
        approve(path, "Sari", "one", dict(reversed(list(ACCESS.items()))), shuffled)
        again = path.read_text(encoding="utf-8")
        assert json.loads(again) | {"at": ""} == json.loads(text) | {"at": ""}
        assert [line for line in again.splitlines() if '"at"' not in line] == [
            line for line in text.splitlines() if '"at"' not in line
        ]


class TestWhatCannotBeUsed:
    def test_none_is_unverified_and_says_how_to_get_one(self, path: Path) -> None:
        with pytest.raises(Unverified, match=r"runbook rls approve.*mine\.baseline\.json"):
            read(path)

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", "7", '"text"', "null", '{"by": "x"}', '{"by": "x", "unknown": 1}', '{"version": 1}', "\x00"],
    )
    def test_what_is_no_baseline_is_an_error_that_names_the_file(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(RunbookError, match=r"mine\.baseline\.json: is not a baseline") as raised:
            read(path)
        assert not isinstance(raised.value, Unverified)

    def test_nor_is_what_is_not_utf_8_or_a_folder(self, path: Path) -> None:
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(RunbookError, match="is not a baseline"):
            read(path)
        path.unlink()
        path.mkdir()
        with pytest.raises(RunbookError, match="is not a baseline"):
            read(path)

    @pytest.mark.parametrize("version", [0, VERSION + 1, "1", None])
    def test_another_version_is_told_and_wants_a_new_approval(self, path: Path, version: object) -> None:
        approve(path, "Sari", "one", ACCESS, CATALOG)
        document = json.loads(path.read_text(encoding="utf-8")) | {"version": version}
        path.write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(RunbookError, match="approve it anew") as raised:
            read(path)
        assert not isinstance(raised.value, Unverified)

    def test_an_approval_that_cannot_be_written_leaves_the_last_one(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        approve(path, "Sari", "one", ACCESS, CATALOG)

        def full(*_: object) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="no space"):
            approve(path, "Budi", "two", ACCESS, CATALOG)
        assert read(path).by == "Sari"


NAMED = st.dictionaries(st.text(max_size=3), st.sampled_from(["a", "b"]), max_size=5)


class TestDifferences:
    def test_each_is_told_by_name_what_is_new_first(self) -> None:
        approved, found = {"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "z": "1", "d": "1"}
        assert differences(approved, found) == ["new: d", "new: z", "gone: a", "changed: b"]

    @given(approved=NAMED, found=NAMED)
    def test_there_is_none_exactly_where_nothing_differs_and_each_way_tells_as_many(
        self, approved: dict[str, str], found: dict[str, str]
    ) -> None:
        assert (differences(approved, found) == []) == (approved == found)
        assert len(differences(approved, found)) == len(differences(found, approved))

    def test_access_is_told_by_person_and_command_of_the_one_relation(self) -> None:
        approved: Access = {"t": {"organizer": ["select", "insert"], "guest": ["select"]}, "u": {"guest": ["delete"]}}
        found: Access = {"t": {"organizer": ["select"], "guest": ["select", "update"], "new": ["select"]}}
        assert access_changes(approved, found, "t") == (["organizer insert"], ["guest update", "new select"])
        assert access_changes(approved, found, "u") == (["guest delete"], [])
        assert access_changes(approved, found, "nothing") == ([], [])

    def test_the_order_of_commands_is_no_difference(self) -> None:
        assert access_changes({"t": {"a": ["select", "insert"]}}, {"t": {"a": ["insert", "select"]}}, "t") == ([], [])


def test_access_is_what_is_reached_of_the_own_event() -> None:
    cell = Cell("public.t", "organizer", "select", "own", "reached")
    cells: Iterable[Cell] = [
        cell,
        replace(cell, command="insert", kind="refused"),
        replace(cell, command="update"),
        replace(cell, persona="outsider", kind="hidden"),
        replace(cell, persona="anonymous", reach="other"),
        replace(cell, relation="public.u", kind="blind"),
    ]
    assert observed_access(cells) == {
        "public.t": {"organizer": ["select", "update"], "outsider": []},
        "public.u": {"organizer": []},
    }
