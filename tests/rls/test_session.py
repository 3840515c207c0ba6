"""What is sent arrives as it was meant, whatever it is made of, and what comes back is told in the server's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.errors import Unreachable
from runbook.rls.catalog import Relation
from runbook.rls.session import ServerRefused, Session, acting_as, joined, literal, quoted, settings_sql
from runbook.rls.world import Row, columns_read, identity, insertion, is_any_of, name_of
from stack.postgres import ADMIN, Server
from tests.rls.systems import Make, System

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=63).filter(
    lambda name: len(name.encode()) <= 63
)
LONGEST = "x" * 63
ODD_NAMES = [
    'the "quoted"',
    "it's",
    "a.b",
    "50%",
    "%s %(name)s",
    "Größe",
    "活動",
    "🎓",
    "back\\slash",
    "two\nlines",
    "; drop table t --",
    "select",
    "$1",
    " ",
    LONGEST,
]


@pytest.fixture(scope="module", params=["on", "off"])
def conforming(request: pytest.FixtureRequest, server: Server) -> Iterator[Session]:
    """A session with `standard_conforming_strings` on, and one with it off."""
    options = f"-c standard_conforming_strings={request.param} -c escape_string_warning=off"
    with psycopg.connect(server.dsn(ADMIN, "shared"), autocommit=True, options=options) as connection:
        session = Session(connection.cursor())
        assert session.ask("show standard_conforming_strings").value == request.param
        yield session


@given(text=TEXTS)
@settings(deadline=None)
def test_a_literal_is_read_as_the_text_that_it_was(conforming: Session, text: str) -> None:
    assert conforming.ask(f"select {literal(text)}").value == text
    assert conforming.ask(f"select{literal(text)}::text where true={literal('true')}").value == text


def test_no_value_is_null(conforming: Session) -> None:
    assert conforming.ask(f"select ({literal(None)} is null)::text").value == "true"


@given(name=NAMES)
@settings(deadline=None)
def test_a_quoted_name_is_read_as_the_name_that_it_was(conforming: Session, name: str) -> None:
    sql = f"select json_object_keys(row_to_json(t.*)) from (select 1 as {quoted(name)}) as t"
    assert conforming.ask(sql).value == name


@given(values=st.dictionaries(st.sampled_from(["a.b", "request.headers", "x.y_z"]), TEXTS, min_size=1))
@settings(deadline=None)
def test_settings_hold_until_the_transaction_ends_and_not_longer(conforming: Session, values: dict[str, str]) -> None:
    shown = " || ' ' || ".join(f"quote_literal(current_setting({literal(name)}))" for name in values)
    [sent] = conforming.rows(
        f"select {' || chr(32) || '.join(f'quote_literal({literal(v)})' for v in values.values())}"
    )
    assert conforming.ask(joined(["begin", settings_sql(values), f"select {shown}"])).value == sent[0]
    conforming.ask("rollback")
    for name in values:
        assert not conforming.ask(f"select current_setting({literal(name)}, true)").value


class TestWhoAsks:
    def test_a_caller_is_made_as_the_api_makes_one(self, session: Session) -> None:
        claims = {"sub": "it's", "role": "authenticated", "deep": {"é": [1, None]}}
        session.ask(acting_as("authenticated", claims, {"x-event-id": "\\ '"}, {"app.tenant": "7"}))
        assert session.ask("select current_user").value == "authenticated"
        assert session.ask("select current_setting('request.jwt.claims')::jsonb #>> '{deep,é,0}'").value == "1"
        assert session.ask("select current_setting('request.jwt.claims')::jsonb ->> 'sub'").value == "it's"
        assert session.ask("select current_setting('request.headers')::jsonb ->> 'x-event-id'").value == "\\ '"
        assert session.ask("select current_setting('app.tenant')").value == "7"
        assert session.ask("select current_setting('request.method')").value == "POST"
        assert session.ask("show row_security").value == "on"


class TestWhatComesBack:
    def test_rows_are_counted_whether_they_are_read_written_or_copied(self, session: Session) -> None:
        session.ask("create temp table t as select n from generate_series(1, 5) as n")
        for sql in ("select n from t", "update t set n = n", "copy t to stdout", "copy (select from t) to stdout"):
            assert session.ask(sql).rows == 5, sql
        assert session.ask("select from t where n > 9").rows == 0
        assert session.ask("set local timezone = 'UTC'").rows == 0

    def test_of_several_statements_the_last_one_is_answered(self, session: Session) -> None:
        reply = session.ask("select 1; select 2 from generate_series(1, 3)")
        assert (reply.rows, reply.value) == (3, "2")

    def test_null_is_no_text(self, session: Session) -> None:
        assert session.ask("select null").value is None
        assert session.rows("select null, '', 'x' union all select 'y', null, ''") == [[None, "", "x"], ["y", None, ""]]

    def test_an_error_is_told_by_what_the_server_says_of_it_and_by_no_row_s_values(self, session: Session) -> None:
        session.ask("create schema odd; create table odd.t (n int constraint low check (n > 0))")
        reply = session.ask("insert into odd.t values (-31337)")
        assert not reply.ok
        assert (reply.sqlstate, reply.schema, reply.table, reply.constraint) == ("23514", "odd", "t", "low")
        assert reply.function == "ExecConstraints"
        assert "31337" not in repr(reply)

    def test_an_error_in_a_copy_is_told_and_the_session_goes_on(self, session: Session) -> None:
        session.ask("savepoint before")
        assert session.ask("copy (select 1 / (3 - n) from generate_series(1, 5) as n) to stdout").sqlstate == "22012"
        session.ask("rollback to savepoint before")
        assert session.ask("select 7").value == "7"

    def test_a_query_that_must_work_raises_with_the_answer(self, session: Session) -> None:
        with pytest.raises(ServerRefused) as raised:
            session.rows("select 1 / 0")
        assert raised.value.reply.sqlstate == "22012"

    def test_a_connection_that_is_gone_is_told_as_such(self, server: Server) -> None:
        with psycopg.connect(server.dsn(ADMIN, "shared"), autocommit=True) as connection:
            session = Session(connection.cursor())
            with pytest.raises(Unreachable):
                session.ask("select pg_terminate_backend(pg_backend_pid())")

    def test_what_is_asked_is_counted(self, session: Session) -> None:
        before = session.asked
        session.ask("select 1")
        session.rows("select 1")
        assert session.asked == before + 2


@pytest.mark.parametrize("name", ODD_NAMES)
def test_rows_go_into_tables_of_any_name_and_are_found_again(synthetic: Make, name: str) -> None:
    schema, other = quoted("app"), quoted(name[:-1] + "~")
    system = synthetic(
        f"create table {schema}.{quoted(name)} ({quoted(name)} text primary key, {other} int default 7, n int)"
    )
    relation = system.catalog().by_name[f"app.{name}"]
    second = name[:-1] + "~"
    rows: list[Row] = [{name: 'it\'s \\ "x" %s', second: "1", "n": None}, {name: "🎓"}]
    with system.database.transaction() as cursor:
        session = Session(cursor)
        assert session.ask(insertion(relation, rows)).rows == 2
        found = session.rows(f"select {quoted(name)}, {quoted(second)}, n from {name_of(relation)} order by 1")
        assert found == [['it\'s \\ "x" %s', "1", None], ["🎓", "7", None]]
        assert session.ask(f"select from {name_of(relation)} where {is_any_of(relation, rows)}").rows == 2
        assert session.ask(f"select from {name_of(relation)} where {is_any_of(relation, rows[1:])}").rows == 1
        assert session.ask(f"select from {name_of(relation)} where {is_any_of(relation, [])}").rows == 0


def relation_of(system: System, columns: str) -> Relation:
    system.run(f"create table app.t ({columns})")
    return system.catalog().by_name["app.t"]


@pytest.mark.parametrize(
    ("columns", "row", "told_by"),
    [
        ("id int primary key, note text", {"id": "1", "note": "x"}, ("id",)),
        ("a int, b int, note text, primary key (a, b)", {"a": "1", "b": "2", "note": "x"}, ("a", "b")),
        ("a int unique, b int unique, note text", {"a": None, "b": "2", "note": "x"}, ("b",)),
        (
            "a int unique, note text, d xml, none text",
            {"a": None, "note": "x", "d": "<r/>", "none": None},
            ("note", "d"),
        ),
        ("note text", {"note": "x", "ctid": "(0,1)"}, ("ctid",)),
    ],
)
def test_a_row_is_told_by_a_key_without_null_else_by_all_that_it_has(
    synthetic: Make, columns: str, row: dict[str, Any], told_by: tuple[str, ...]
) -> None:
    relation = relation_of(synthetic(), columns)
    assert identity(relation, row) == told_by
    assert columns_read(relation, [row]) == frozenset(told_by)
    assert columns_read(replace(relation, keys=()), []) == frozenset()


def test_a_row_is_found_by_values_of_every_type_that_has_no_equality_of_its_own(synthetic: Make) -> None:
    columns = "u uuid, d date, e app.kind, b boolean, n numeric, s text, f float8, m interval, t timestamptz"
    system = synthetic("create type app.kind as enum ('a', 'b')")
    relation = relation_of(system, columns)
    row: Row = {
        "u": "00000001-0000-4000-8000-00000000000a",
        "d": "2031-05-05",
        "e": "b",
        "b": "true",
        "n": "1.50",
        "s": "it's",
        "f": "0.1",
        "m": "1 day",
        "t": "2031-05-05 09:00:00+00",
    }
    with system.database.transaction() as cursor:
        session = Session(cursor)
        assert session.ask(insertion(relation, [row])).ok
        assert session.ask(f"select from app.t where {is_any_of(relation, [row])}").rows == 1
        assert session.ask(f"select from app.t where {is_any_of(relation, [row | {'s': 'its'}])}").rows == 0
