"""`runbook rls`: what is open is seen at once, a leak can be replayed by hand, and only what is known is approved."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from runbook.rls.matrix_text import middle
from stack.postgres import Server
from tests.documents import VARIABLES
from tests.rls_targets import SETTINGS, Make, Target, maker, serving

BASELINE = Path(__file__).parents[1] / "targets" / "embedded.baseline.json"
ESCAPE = "\x1b"
WIDTH = 100


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of these tests' own."""
    with serving("rls-cli") as started:
        yield started


@pytest.fixture
def target(server: Server, tmp_path: Path) -> Make:
    """Makes the target."""
    return maker(server, tmp_path)


def line_of(text: str, name: str) -> str:
    """The matrix's line of a relation."""
    return next(line for line in text.splitlines() if re.match(rf"(OPEN|\?| ) *{re.escape(name)} ", line))


def section(script: str, title: str) -> str:
    """The head of an explanation and the probes of one cell, as they are pasted by hand."""
    head = script[script.index("\nbegin;\n") : script.index("\nsavepoint probe;\n")] + "\nsavepoint probe;\n"
    rest = script[script.index(f"-- == {title}") :]
    return f"{head}{rest.partition('-- == ')[2].partition('-- == ')[0].partition(chr(10))[2]}\nrollback;\n"


def ones(lines: list[str]) -> int:
    """How many rows a script's `select 1` and the like have shown."""
    return lines.count("1")


# The matrix as text


def test_the_reference_is_closed_and_all_of_it_is_decided(target: Make) -> None:
    result = target().rls("matrix")
    assert result.exit_code == 0
    assert "TERTUTUP: " in result.output
    assert "CLOSED: " in result.output
    assert "mine (local)" in result.output
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC · PostgreSQL 18", result.output)
    assert re.search(r"\d{3} cells, 100\.0 % decided · 0 open, 0 undecided", " ".join(result.output.split()))
    assert "OPEN " not in result.output.partition("\nS  ")[0]


def test_where_it_is_open_stands_first_in_capitals(target: Make) -> None:
    result = target("rls_off.sql").rls("matrix")
    assert result.exit_code == 1
    table = result.output.split("\n\n")[1].splitlines()
    assert table[2].split() == ["OPEN", "public.enrollments", "····", "SIUD", "SIUDM", "SIUDM", "SIUDM", "SIUDM"]
    assert all(not re.search(r"[A-Z]", line) for line in table[4:])
    assert 'alter table "public"."enrollments" enable row level security' in result.output


def test_what_is_declared_public_is_shown_as_such(target: Make) -> None:
    words = line_of(target().rls("matrix").output, "public.provinces").split()
    assert words == ["public.provinces", "p···", "p···", "p", "p", "p", "p"]


def test_what_could_not_be_told_is_a_question_and_no_success(target: Make) -> None:
    result = target("rls/policy_calls_itself.sql").rls("matrix")
    assert result.exit_code == 3
    assert "?·??" in line_of(result.output, "public.event_members")
    assert "infinite recursion" in result.output


def test_a_table_that_belongs_nowhere_is_undecided(target: Make) -> None:
    made = target(sql="create table public.loose (id int); alter table public.loose enable row level security")
    result = made.rls("matrix")
    assert result.exit_code == 3
    assert line_of(result.output, "public.loose").startswith("?")
    assert "declare it in rls.tables" in " ".join(result.output.split())


def test_more_and_less_than_was_approved_is_seen(target: Make) -> None:
    made = target("rls_off.sql", "rls/privilege_revoked_from_signed_in_people.sql")
    shutil.copy(BASELINE, made.baseline)
    lines = made.rls("matrix").output.splitlines()
    own = lines[lines.index(next(line for line in lines if "public.enrollments" in line)) + 1]
    assert own.split("own ")[1].split() == ["----", "++++", "siud", "s+++", "s+++", "siud"]
    assert any("!" in line.partition("own ")[2] for line in lines if line.startswith("       table"))
    assert "locked out" in "\n".join(lines)


def test_long_names_and_many_people_fit_into_a_hundred_columns(target: Make) -> None:
    name = "a_table_whose_name_is_as_long_as_names_in_postgresql_may_be_at_"
    made = target(
        sql=f"create table public.{name} (id uuid primary key, event_id uuid references public.events);"
        f" alter table public.{name} enable row level security"
    )
    result = made.rls("matrix")
    table = result.output.partition("\nS  ")[0].splitlines()
    assert max(map(len, table)) <= WIDTH
    assert any(
        line.split()[0].startswith("public.a_table") and "…" in line.split()[0] for line in table if line.split()
    )


@pytest.mark.parametrize(("size", "cut"), [(9, "organizer"), (8, "org…izer"), (5, "or…er")])
def test_names_are_cut_in_their_middle(size: int, cut: str) -> None:
    assert middle("organizer", size) == cut


def test_colour_is_for_terminals_alone(target: Make, tmp_path: Path) -> None:
    made = target("rls_off.sql")
    assert ESCAPE not in made.rls("matrix").output
    assert ESCAPE in made.rls("matrix", color=True).output
    written = made.rls("matrix", "--output", tmp_path / "matrix.txt", color=True)
    assert ESCAPE not in (tmp_path / "matrix.txt").read_text(encoding="utf-8")
    assert "OPEN: " in written.output


# For programs


def test_two_runs_differ_in_their_time_alone(target: Make) -> None:
    made = target("rls_off.sql")
    texts = [made.rls("matrix", "--format", "json").output for _ in range(2)]
    documents = [json.loads(text) for text in texts]
    assert texts[0] == json.dumps(documents[0], indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    assert [document.pop("at") for document in documents] != ["", ""]
    assert documents[0] == documents[1]
    assert documents[0]["verdict"] == "open"
    enrollments = documents[0]["relations"]["public.enrollments"]
    assert (enrollments["belonging"], enrollments["path"]) == ("event", [["event_id"]])
    open_ = [cell for cell in enrollments["cells"] if cell["reach"] == "other" and cell["kind"] == "reached"]
    assert len(open_) == documents[0]["counts"]["open"]
    assert {"form", "context", "said"} <= open_[0].keys()


# Explained


def test_a_leak_is_replayed_by_hand_and_on_the_reference_there_is_none(target: Make) -> None:
    title = "outsider, select, others: "
    made = target("rls_off.sql")
    leaky = made.rls("explain", "public.enrollments").output
    assert f"{title}OPEN" in leaky
    assert ones(made.psql(section(leaky, title))) >= 4
    before = made.psql("select count(*) from public.enrollments")
    made.psql(leaky)
    assert made.psql("select count(*) from public.enrollments") == before

    made = target()
    sound = made.rls("explain", "public.enrollments").output
    assert f"{title}HIDDEN" in sound
    assert ": OPEN" not in sound
    assert ones(made.psql(section(sound, title))) == 0
    # "every row" says something of others' rows for as long as there are none of one's own.
    assert sound.count("-- == organizer, delete, others: ") == 1
    assert sound.index("-- == organizer, delete, others: ") < sound.rindex("\nsavepoint probe;\n")


def test_a_view_that_counts_is_replayed_before_and_after(target: Make) -> None:
    made = target("rls/view_counts_all_events.sql")
    script = made.rls("explain", "public.graduation_rate", "--persona", "outsider").output
    sums = [line for line in made.psql(script) if re.fullmatch(r"[0-9a-f]{32}", line)]
    assert len(sums) == 4
    assert sums[-1] != sums[-2]


def test_what_it_is_and_who_may_do_what_stands_above(target: Make) -> None:
    text = target().rls("explain", "public.attendance").output
    prose = " ".join(line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--"))
    assert "RLS is on" in prose
    assert "belong to: event, by public.attendance.enrollment_id -> public.enrollments.id;" in prose
    assert "public.enrollments.event_id -> public.events.id" in prose
    assert "Another way there begins with session_id -> public.sessions" in prose
    assert re.search(r'create policy "[^"]+" on "public"."attendance" for select to "authenticated" using \(', prose)
    assert "Granted to anon: nothing." in prose


def test_a_function_is_explained_too(target: Make) -> None:
    made = target("rls/function_returns_every_row.sql")
    text = made.rls("explain", "public.list_participants").output
    assert "OWNER's rights" in text
    assert "anonymous, call, others: OPEN" in text
    assert ones(made.psql(section(text, "anonymous, call, others"))) == 1


def test_where_nothing_may_be_written_nothing_is_placed(target: Make) -> None:
    made = target("rls_off.sql")
    made.settings.write_text(SETTINGS.replace("writes = true", ""), encoding="utf-8")
    assert made.rls("matrix").exit_code == 1
    text = made.rls("explain", "public.enrollments", "--persona", "outsider").output
    assert "No row was placed" in text
    assert "insert into" not in text.partition("savepoint probe;")[0]
    assert ones(made.psql(section(text, "outsider, select, others"))) > 0


# Approved


def approve(made: Target, *more: str) -> Result:
    return made.rls("approve", "--by", "Ani", "--why", "looked through with Budi", *more)


def test_an_approval_tells_what_it_changes(target: Make) -> None:
    made = target()
    first = approve(made, "--dry-run")
    assert first.exit_code == 0
    assert "nothing was approved before" in first.output
    assert not made.baseline.exists()
    assert approve(made).exit_code == 0
    assert json.loads(made.baseline.read_text(encoding="utf-8"))["by"] == "Ani"
    assert "nothing has changed since" in approve(made).output

    made = target("rls/privilege_revoked_from_signed_in_people.sql")
    changed = approve(made)
    assert changed.exit_code == 0
    assert "when Ani approved it" in changed.output
    assert re.search(r"^lost    public\.\w+: organizer \w+$", changed.output, re.MULTILINE)
    assert re.search(r"^(changed|gone|new) +grants: ", changed.output, re.MULTILINE)


def test_what_is_open_is_never_approved(target: Make) -> None:
    made = target("rls_off.sql")
    refused = approve(made, "--undecided", "it is late")
    assert refused.exit_code == 1
    assert "rows of other events are reached" in refused.output
    assert not made.baseline.exists()


def test_what_could_not_be_told_is_approved_with_a_reason_alone(target: Make) -> None:
    made = target("rls/policy_calls_itself.sql")
    refused = approve(made)
    assert refused.exit_code == 1
    assert "--undecided" in refused.output
    assert not made.baseline.exists()
    assert approve(made, "--undecided", "mended tomorrow").exit_code == 0
    why = json.loads(made.baseline.read_text(encoding="utf-8"))["why"]
    assert why.startswith("looked through with Budi (undecided: mended tomorrow: public.event_members could not be")


# What can go wrong


def told(result: Result) -> str:
    """The one line that an operator is told."""
    assert result.exit_code == 2, result.output
    [line] = result.stderr.strip().splitlines()
    return str(line)


def test_what_is_not_there_is_told_in_one_line(target: Make) -> None:
    made = target()
    assert told(made.rls("explain", "public.enrolments")).startswith("public.enrolments is not exposed")
    assert told(made.rls("explain", "public.events", "--persona", "boss")).startswith("there is no persona boss")


def test_a_target_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    made = Target(tmp_path, VARIABLES["RUNBOOK_DSN"])
    for command in (["matrix"], ["explain", "public.events"], ["approve", "--by", "Ani", "--why", "new"]):
        said = told(made.rls(*command))
        assert said.startswith("no connection to the database")
        assert "dsn-password" not in said


def test_a_broken_baseline_is_told_in_one_line(target: Make) -> None:
    made = target()
    made.baseline.write_text("{", encoding="utf-8")
    assert "restore it from git" in told(made.rls("matrix"))


def test_a_file_that_cannot_be_written_is_told_in_one_line(target: Make, tmp_path: Path) -> None:
    made = target()
    (tmp_path / "file").touch()
    assert "cannot be written" in told(made.rls("matrix", "--output", tmp_path / "file" / "matrix.txt"))
    made.settings.write_text(SETTINGS + '\n[rls]\nbaseline = "nowhere/b.json"\n', encoding="utf-8")
    assert "cannot be written" in told(approve(made))
