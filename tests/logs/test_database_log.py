"""PostgreSQL's log in its three formats: the same is read in each, and nothing of a message that may quote a row."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.errors import Unverified
from runbook.logs.classes import classes, classes_of, object_in
from runbook.logs.database_log import DatabaseReport, Finding, tally
from runbook.logs.formats import prefix
from runbook.logs.sources import Block
from tests.logs.given import NOW, WINDOW, block, database_log

PREFIX = "%m [%p] %e %q%u@%d/%a "
TIME = f"{NOW:%Y-%m-%d %H:%M:%S}.000 UTC"


def read(*lines: object, follow: tuple[str, ...] = (), **log: object) -> DatabaseReport:
    return tally(block(*lines), database_log(**log), WINDOW, 5, follow)


def stderr(*lines: str, line_prefix: str = PREFIX) -> DatabaseReport:
    return read(*lines, format="stderr", line_prefix=line_prefix)


def csvlog(severity: str, state: str, message: str, **more: str) -> str:
    row = [""] * 26
    row[1], row[2], row[11], row[12], row[13] = more.get("role", ""), "postgres", severity, state, message
    row[14], row[22] = more.get("detail", ""), more.get("application", "")
    return ",".join([TIME, *('"' + cell.replace('"', '""') + '"' if cell else "" for cell in row[1:])])


def jsonlog(severity: str, state: str, message: str, **more: str) -> dict[str, str]:
    return {"timestamp": TIME, "error_severity": severity, "state_code": state, "message": message, **more}


@pytest.mark.parametrize(
    ("severity", "state", "message", "expected"),
    [
        ("ERROR", "XX001", 'invalid page in block 7 of relation "base/5/16384"', ["corruption"]),
        ("WARNING", "XX001", "page verification failed, calculated checksum 1 but expected 2", ["corruption"]),
        ("ERROR", "XX002", 'index "events_pkey" contains unexpected zero page at block 0', ["corruption"]),
        ("PANIC", "58P01", "could not locate a valid checkpoint record", ["panic"]),
        (
            "PANIC",
            "53100",
            'could not write to file "pg_wal/xlogtemp.9": No space left on device',
            ["panic", "disk-full"],
        ),
        ("LOG", "00000", "server process (PID 7) was terminated by signal 9: Killed", ["crash"]),
        ("LOG", "00000", "client backend (PID 7) was terminated by signal 9: Killed", ["crash"]),
        ("LOG", "00000", "checkpointer process (PID 7) was terminated by signal 11: Segmentation fault", ["crash"]),
        ("LOG", "00000", "database system was not properly shut down; automatic recovery in progress", ["crash"]),
        ("LOG", "00000", "database system was interrupted; last known up at 2026-01-31 09:30:00 UTC", ["crash"]),
        ("WARNING", "57P02", "terminating connection because of crash of another server process", ["crash"]),
        ("ERROR", "53100", 'could not extend file "base/5/1": No space left on device', ["disk-full"]),
        ("LOG", "53100", 'could not write temporary statistics file "x": No space left on device', ["disk-full"]),
        ("WARNING", "01000", 'database "postgres" must be vacuumed within 10000 transactions', ["wraparound"]),
        ("ERROR", "54000", "database is not accepting commands that assign new XIDs", ["wraparound"]),
        ("ERROR", "23505", 'duplicate key value violates unique constraint "events_pkey"', ["constraint"]),
        ("ERROR", "23P01", 'conflicting key value violates exclusion constraint "x"', ["constraint"]),
        ("ERROR", "40P01", "deadlock detected", ["deadlock"]),
        ("ERROR", "40001", "could not serialize access due to concurrent update", ["serialization"]),
        ("ERROR", "42501", "permission denied for table audit_log", ["permission"]),
        ("ERROR", "42501", 'new row violates row-level security policy for table "events"', ["rls"]),
        ("ERROR", "57014", "canceling statement due to statement timeout", ["aborted"]),
        ("FATAL", "53300", "sorry, too many clients already", ["aborted"]),
        ("ERROR", "25P02", "current transaction is aborted, commands ignored until end of block", ["aborted"]),
        ("ERROR", "22012", "division by zero", []),
        ("ERROR", "42P01", 'relation "deadlock detected" does not exist', []),
        ("LOG", "00000", "database system is ready to accept connections", []),
        ("LOG", "00000", "database system was shut down at 2026-01-31 09:30:00 UTC", []),
        ("LOG", "00000", "statement: select 'server process (PID 7) was terminated by signal 9'", []),
        ("LOG", "23505", "duration: 3 ms", []),
        ("NOTICE", "42501", "permission denied for table audit_log", []),
        ("FEHLER", "40P01", "Verklemmung entdeckt", ["deadlock"]),
    ],
)
def test_a_line_is_of_the_classes_that_it_means_in_every_format(
    severity: str, state: str, message: str, expected: list[str]
) -> None:
    assert list(classes_of(severity, state, message)) == expected
    reports = {
        "jsonlog": read(jsonlog(severity, state, message)),
        "csvlog": read(csvlog(severity, state, message), format="csvlog"),
    }
    if severity != "FEHLER":
        reports["stderr"] = stderr(f"{TIME} [7] {state} {severity}:  {message}")
    assert {name: list(report.found) for name, report in reports.items()} == dict.fromkeys(reports, expected)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('duplicate key value violates unique constraint "x"', ["constraint"]),
        ('insert or update on table "x" violates foreign key constraint "y"', ["constraint"]),
        ('null value in column "a" of relation "x" violates not-null constraint', ["constraint"]),
        ("deadlock detected", ["deadlock"]),
        ("permission denied for table x", ["permission"]),
        ('new row violates row-level security policy for table "x"', ["rls"]),
        ("invalid page in block 7 of relation base/5/1", ["corruption"]),
        ('relation "x" does not exist', []),
    ],
)
def test_without_a_sqlstate_english_messages_are_told_by_their_text(message: str, expected: list[str]) -> None:
    assert list(stderr(f"{TIME} [7] a@b ERROR:  {message}", line_prefix="%m [%p] %q%u@%d ").found) == expected


def test_every_class_has_words_in_both_languages_and_a_grave_one_tolerates_nothing_of_whoever() -> None:
    for one in classes().values():
        assert one.remedy.keys() == {"id", "en"}
        assert all(len(text) > 40 and text.endswith(".") for text in one.remedy.values())
        assert one.always == (one.severity == "P0")


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ('duplicate key value violates unique constraint "events_pkey"', "events_pkey"),
        ('insert or update on table "a" violates foreign key constraint "a_fkey"', "a_fkey"),
        ('new row for relation "a" violates check constraint "a_check"', "a_check"),
        ("permission denied for table audit_log", "audit_log"),
        ("permission denied for materialized view totals", "totals"),
        ("must be owner of table events", "events"),
        ('new row violates row-level security policy for table "events"', "events"),
        ('new row violates row-level security policy "p" for table "events"', "events"),
        ('null value in column "a" of relation "events" violates not-null constraint', "events"),
        ("Sekar Wulandari may not do this", None),
        ('duplicate key value violates unique constraint "Sekar <sekar@peserta.example>"', None),
    ],
)
def test_only_what_the_server_itself_names_is_kept(message: str, named: str | None) -> None:
    assert object_in(message) == named


def test_details_statements_and_parameters_are_never_kept() -> None:
    canary = "sekar@peserta.example"
    message = 'duplicate key value violates unique constraint "people_email"'
    told = {"detail": f"Key (email)=({canary}) already exists.", "statement": canary}
    reports = [
        read(jsonlog("ERROR", "23505", message, **told)),
        read(csvlog("ERROR", "23505", message, detail=canary), format="csvlog"),
        stderr(
            f"{TIME} [7] 23505 a@b/c ERROR:  {message}",
            f"{TIME} [7] 23505 a@b/c DETAIL:  Key (email)=({canary}) already exists.",
            f"{TIME} [7] 23505 a@b/c STATEMENT:  insert into people",
            f"\tvalues ('{canary}')",
        ),
        read(jsonlog("ERROR", "P0001", f"nobody is called {canary}")),
        read(jsonlog("ERROR", "42501", f"permission denied for {canary}", user=canary)),
    ]
    assert canary not in repr(reports)
    assert [report.count("constraint") for report in reports] == [1, 1, 1, 0, 0]
    assert [report.read.malformed for report in reports] == [0] * 5


def test_findings_are_grouped_by_role_and_object() -> None:
    lines = [
        jsonlog("ERROR", "42501", "permission denied for table a", user=role)
        for role in ("anon", "anon", "authenticated")
    ]
    report = read(*lines)
    counts = {finding: seen.count for finding, seen in report.found["permission"].items()}
    assert counts == {Finding("42501", "anon", "a"): 2, Finding("42501", "authenticated", "a"): 1}
    assert (report.count("permission"), report.most("permission")) == (3, "42501, role anon, on a")


def test_errors_of_this_suite_are_counted_apart_but_never_a_damage() -> None:
    denied = jsonlog("ERROR", "42501", "permission denied for table a", application_name="runbook")
    damaged = jsonlog("ERROR", "XX001", "invalid page", application_name="runbook")
    report = read(denied, damaged, {**denied, "application_name": "an api"})
    assert (report.own, report.count("permission"), report.count("corruption")) == (1, 1, 1)


def test_sessions_that_are_followed_are_told_without_their_messages() -> None:
    line = jsonlog("ERROR", "42501", "permission denied for table a", application_name="r1")
    assert read(line, line, follow=("r1", "r2")).followed == {"r1": ["ERROR 42501 a", "ERROR 42501 a"]}


def test_rows_of_the_logs_endpoint_are_read_as_the_servers_own() -> None:
    row = {
        "timestamp": int(NOW.timestamp() * 1e6),
        "event_message": "deadlock detected",
        "error_severity": "ERROR",
        "sql_state_code": "40P01",
        "user_name": "authenticator",
    }
    assert list(read(row).found["deadlock"]) == [Finding("40P01", "authenticator", None)]


class TestCsv:
    def test_a_record_may_reach_over_lines_and_quote_anything(self) -> None:
        message = 'duplicate key value violates unique constraint "x"'
        lines = [
            csvlog("LOG", "00000", f'statement: select "a",\n2026-01-31 09:30:00.000 UTC,"b"\n{TIME}'),
            csvlog("ERROR", "23505", message),
        ]
        report = read(*lines, format="csvlog")
        assert (report.read.lines, report.read.malformed, report.count("constraint")) == (2, 0, 1)
        assert list(report.found["constraint"]) == [Finding("23505", None, "x")]

    def test_a_record_that_is_cut_over_two_blocks_is_whole(self) -> None:
        data = (csvlog("ERROR", "40P01", "deadlock detected", detail="a\nb") + "\n").encode()
        cut = data.index(b"\nb") + 1
        blocks = [Block("a", 1, data[:cut]), Block("a", 2, data[cut:])]
        assert tally(blocks, database_log(format="csvlog"), WINDOW, 5).count("deadlock") == 1

    @pytest.mark.parametrize("spoilt", ["no record", "a,b,c", ",".join(["x"] * 26), 'x"y', '"a"b,c"'])
    def test_what_is_no_record_is_counted_and_costs_no_other(self, spoilt: str) -> None:
        report = read(csvlog("ERROR", "40P01", "deadlock detected"), spoilt, format="csvlog")
        assert report.count("deadlock") == 1
        assert report.read.malformed <= 1

    def test_a_quote_that_is_never_closed_swallows_a_megabyte_at_most(self) -> None:
        fine = csvlog("ERROR", "40P01", "deadlock detected")
        report = read('open,"', *["x" * 100_000] * 12, fine, fine, format="csvlog")
        assert (report.count("deadlock"), report.read.malformed) == (2, 1)

    def test_a_record_that_never_ends_is_malformed_and_one_that_is_being_written_is_not(self) -> None:
        fine = csvlog("ERROR", "40P01", "deadlock detected")
        assert read(fine, 'open,"', format="csvlog").read.malformed == 1
        [whole] = block(fine)
        cut = Block("a", 1, whole.data + whole.data[:-30])
        report = tally([cut], database_log(format="csvlog"), WINDOW, 5)
        assert (report.count("deadlock"), report.read.malformed) == (1, 0)


class TestStderr:
    @pytest.mark.parametrize(
        ("setting", "head"),
        [
            ("%m [%p] ", "{0} [7] "),
            ("%t [%p]: [%l-1] user=%u,app=%a,client=%h ", "{0:.19} UTC [7]: [3-1] user=u,app=a b,client=::1 "),
            ("%n %p %e %q%u@%d ", "{1:.3f} 7 00000 "),
            ("<%m %r %c %v %x %b %Q 100%%>", "<{0} [local] 5f.1 3/4 0 client backend 0 100%>"),
            ("%-5p %m %10u ", "7     {0}          u "),
        ],
    )
    def test_a_line_begins_as_the_prefix_says(self, setting: str, head: str) -> None:
        begins = head.format(TIME, NOW.timestamp())
        report = stderr(f"{begins}PANIC:  could not locate a valid checkpoint record", line_prefix=setting)
        assert (report.count("panic"), report.read.malformed) == (1, 0)

    def test_a_prefix_without_a_time_is_refused(self) -> None:
        with pytest.raises(Unverified, match="has no time in it"):
            prefix("%p ")

    def test_the_role_and_the_session_are_read_from_the_prefix(self) -> None:
        report = stderr(f"{TIME} [7] 42501 anon@postgres/an api ERROR:  permission denied for table a")
        assert list(report.found["permission"]) == [Finding("42501", "anon", "a")]
        own = stderr(f"{TIME} [7] 42501 anon@postgres/runbook ERROR:  permission denied for table a")
        assert (own.own, own.found) == (1, {})

    def test_lines_of_others_are_counted_and_a_last_one_without_end_is_not(self) -> None:
        fine = f"{TIME} [7] 40P01 a@b/c ERROR:  deadlock detected"
        blocks = [Block("a", 1, f"Killed\n{fine}\n\tand more\n{fine[:30]}".encode())]
        report = tally(blocks, database_log(format="stderr", line_prefix=PREFIX), WINDOW, 5)
        assert (report.count("deadlock"), report.read.places) == (1, ["a, line 1: not as log_line_prefix says"])
        assert report.read.lines == 2


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["jsonlog", "csvlog", "stderr"]),
    st.lists(
        st.one_of(st.binary(), st.text().map(str.encode), st.sampled_from([b'"', b"\n", b"\t", b",", TIME.encode()]))
    ),
)
def test_whatever_stands_in_a_log_it_is_counted_and_never_a_crash(kind: str, parts: list[bytes]) -> None:
    fine = {
        "jsonlog": json.dumps(jsonlog("ERROR", "40P01", "deadlock detected")),
        "csvlog": csvlog("ERROR", "40P01", "deadlock detected"),
        "stderr": f"{TIME} [7] 40P01 a@b/c ERROR:  deadlock detected",
    }[kind]
    report = read(fine, b"".join(parts), format=kind, line_prefix=PREFIX)
    assert report.count("deadlock") >= 1
