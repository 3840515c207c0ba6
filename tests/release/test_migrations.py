"""Migration files by the rules of each tool, against what its table holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from runbook.errors import Unverified
from runbook.release.migrations import Comparison, Migration, against, migrations, upward
from runbook.settings_release import Format
from tests.release.repositories import commit, opened, source


def read(folder: Path, format_: Format, *names: str, **texts: str) -> tuple[Migration, ...]:
    """The migrations of a commit with these files."""
    files = {f"migrations/{name}": "select 1;" for name in names} | {f"migrations/{n}.py": t for n, t in texts.items()}
    head = commit(folder / "team", files)
    return migrations(opened(folder / "team"), head, source(folder / "team", format=format_))


def compared(format_: Format, ordered: tuple[Migration, ...], *rows: str | Mapping[str, object]) -> Comparison:
    """These against the rows of the table; a text is a row with that version."""
    entries = [{"version": row} if isinstance(row, str) else row for row in rows]
    return against(entries, "version", format_, ordered)


def test_supabase_names_a_version_and_leaves_out_what_its_own_tool_does(tmp_path: Path) -> None:
    ordered = read(
        tmp_path,
        "supabase",
        "20260102_b.sql",
        "20260101_a.sql",
        "README.md",
        "draft.sql",
        "_20260103.sql",
        "old/1_a.sql",
    )
    assert [migration.version for migration in ordered] == ["20260101", "20260102"]
    assert compared("supabase", ordered, "20260101", "20260102") == Comparison((), (), (), "20260102", "20260102")
    assert compared("supabase", ordered, "20260101", "20260105") == Comparison(
        ("20260102",), ("20260105",), (), "20260102", "20260105"
    )
    assert compared("supabase", ordered).head_in_database == "none"


@pytest.mark.parametrize("rows", [["1_a.sql", "2_b.sql"], ["1_a", "2_b"], ["1", "2"]], ids=["file", "stem", "number"])
def test_plain_files_are_known_by_their_name_or_its_beginning(tmp_path: Path, rows: list[str]) -> None:
    ordered = (
        read(tmp_path, "sql", "1_a.up.sql", "1_a.down.sql", "2_b.sql")
        if rows[0] != "1_a.sql"
        else read(tmp_path, "sql", "1_a.sql", "2_b.sql")
    )
    assert compared("sql", ordered, *rows) == Comparison((), (), (), "2_b", "2_b")
    assert compared("sql", ordered, rows[0], "3_c").unknown == ("3_c",)
    assert compared("sql", ordered, rows[0]).missing == ("2_b",)


@pytest.mark.parametrize(
    "mark", ["-- migrate:down", "-- +goose Down", "-- +migrate Down", "--migrate:down transaction:false"]
)
def test_the_part_that_would_undo_a_migration_is_not_applied(mark: str) -> None:
    assert (
        upward(f"-- migrate:up\ncreate table a ();\n{mark}\ndrop table a;\n") == "-- migrate:up\ncreate table a ();\n"
    )


def flyway(
    rank: int, version: str | None, script: str, type_: str = "SQL", *, success: bool = True
) -> dict[str, object]:
    """A row of flyway_schema_history."""
    return {"installed_rank": rank, "version": version, "script": script, "type": type_, "success": success}


def test_flyway_compares_versions_as_numbers_and_reads_what_failed_and_what_was_undone(tmp_path: Path) -> None:
    ordered = read(
        tmp_path,
        "flyway",
        "V10__c.sql",
        "V2.0__b.sql",
        "sub/V1_2__a.sql",
        "R__views.sql",
        "U10__c.sql",
        "beforeMigrate.sql",
    )
    assert [migration.version for migration in ordered] == ["1.2", "2", "10", "R__views"]
    rows = [flyway(1, "1.2", "sub/V1_2__a.sql"), flyway(2, "2.0", "V2.0__b.sql"), flyway(3, "10", "V10__c.sql")]
    views = flyway(4, None, "R__views.sql")
    assert compared("flyway", ordered, *rows, views) == Comparison((), (), (), "10", "10")
    undone = flyway(5, "10", "U10__c.sql", "UNDO_SQL")
    assert compared("flyway", ordered, *rows, views, undone) == Comparison(("10",), (), (), "10", "2")
    half = flyway(3, "10", "V10__c.sql", success=False)
    assert compared("flyway", ordered, *rows[:2], half, views) == Comparison(("10",), (), ("10",), "10", "2")
    again = flyway(5, "10", "V10__c.sql")
    assert compared("flyway", ordered, *rows[:2], half, views, again).failed == ()
    newer = flyway(6, "11", "V11__d.sql")
    assert compared("flyway", ordered, *rows, views, newer) == Comparison((), ("11",), (), "10", "11")


def test_what_flyway_calls_a_baseline_stands_for_all_before_it(tmp_path: Path) -> None:
    ordered = read(tmp_path, "flyway", "V1__a.sql", "V2__b.sql", "V3__c.sql")
    rows = [flyway(0, None, '"public"', "SCHEMA"), flyway(1, "2", "<< Flyway Baseline >>", "BASELINE")]
    assert compared("flyway", ordered, *rows).missing == ("3",)


ALEMBIC = {
    "one": "revision = 'a1'\ndown_revision = None\n",
    "left": "revision: str = 'b1'\ndown_revision: str | None = 'a1'\n",
    "right": "revision = 'b2'\ndown_revision = 'a1'\n",
    "merge": "from alembic import op\nrevision = 'c1'\ndown_revision = ('b1', 'b2')\nraise SystemExit('never run')\n",
    "helpers": "NAME = 'x'\n",
}


def test_alembic_leads_from_its_heads_to_all_that_came_before(tmp_path: Path) -> None:
    ordered = read(tmp_path, "alembic", **ALEMBIC)
    versions = [migration.version for migration in ordered]
    assert (versions[0], versions[-1], sorted(versions)) == ("a1", "c1", ["a1", "b1", "b2", "c1"])
    assert compared("alembic", ordered, "c1") == Comparison((), (), (), "c1", "c1")
    assert compared("alembic", ordered, "b1", "b2") == Comparison(("c1",), (), (), "c1", "b1, b2")
    assert set(compared("alembic", ordered, "b1").missing) == {"b2", "c1"}
    assert compared("alembic", ordered, "d9") == Comparison(tuple(versions), ("d9",), (), "c1", "d9")


@pytest.mark.parametrize(
    ("scripts", "told"),
    [
        (
            {"one": "revision = 'a'\ndown_revision = 'b'\n", "two": "revision = 'b'\ndown_revision = 'a'\n"},
            "in a circle",
        ),
        ({"one": "revision = 'a'\ndown_revision = 'gone'\n"}, "there is no such revision"),
        ({"one": "revision = \n"}, "no script of Alembic"),
        ({"one": "revision = f()\n"}, "no script of Alembic"),
        ({"one": "x = 1\n"}, "holds no alembic migration"),
    ],
    ids=["circle", "gap", "syntax", "computed", "none"],
)
def test_scripts_that_lead_nowhere_are_unverified(tmp_path: Path, scripts: dict[str, str], told: str) -> None:
    with pytest.raises(Unverified, match=told):
        read(tmp_path, "alembic", **scripts)
