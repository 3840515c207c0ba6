"""How an answer of the server is read: what lets no doubt is decided, and everything else says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.rls.answer import LATER, REASONS, WORST_FIRST, Kind, read
from runbook.rls.cells import Probe, worst
from runbook.rls.session import Reply

TABLES = frozenset({"t", "t_2026"})
REACHED = {
    "NOT NULL": Reply(sqlstate="23502", function="ReportNotNullViolationError", table="t", column="id"),
    "NOT NULL before 18": Reply(sqlstate="23502", function="ExecConstraints", table="t", column="id"),
    "CHECK": Reply(sqlstate="23514", function="ExecConstraints", table="t", constraint="t_check"),
    "unique": Reply(sqlstate="23505", function="_bt_check_unique", table="t", constraint="t_pkey"),
    "foreign key": Reply(sqlstate="23503", function="ri_ReportViolation", table="t", constraint="t_fkey"),
}
TRIPPED = Reply(sqlstate="22012", function="int4div")
REFUSED = Reply(sqlstate="42501", function="ExecWithCheckOptions")
NOT_GRANTED = Reply(sqlstate="42501", function="aclcheck_error")
SEQUENCE = Reply(sqlstate="42501", function="nextval_internal")


@pytest.mark.parametrize(("rows", "kind"), [(1, "reached"), (7, "reached"), (0, "hidden")])
@pytest.mark.parametrize("tripwire", [False, True])
def test_rows_say_that_something_was_reached_and_none_that_all_is_hidden(rows: int, kind: Kind, tripwire: bool) -> None:
    assert read(Reply(rows=rows), TABLES, tripwire=tripwire).kind == kind


@pytest.mark.parametrize("reply", REACHED.values(), ids=REACHED.keys())
class TestALaterStage:
    def test_it_fails_only_once_the_policies_have_let_the_row_through(self, reply: Reply) -> None:
        assert read(reply, TABLES).kind == "reached"
        assert read(replace(reply, table="t_2026"), TABLES).kind == "reached"

    @pytest.mark.parametrize(
        "change",
        [
            {"context": "PL/pgSQL function f() line 1 at SQL statement"},
            {"datatype": "address"},
            {"table": "another"},
            {"table": ""},
            {"function": "ExecFindPartition"},
            {"function": ""},
            {"function": "exec_stmt_raise"},
            {"sqlstate": "23P01"},
        ],
        ids=str,
    )
    def test_whatever_else_may_have_raised_it_says_nothing(self, reply: Reply, change: dict[str, Any]) -> None:
        answer = read(replace(reply, **change), TABLES)
        assert answer.kind == "blind"
        assert answer.reason

    def test_the_function_of_another_stage_says_nothing(self, reply: Reply) -> None:
        functions = {function for functions in LATER.values() for function in functions}
        for function in functions - set(LATER[str(reply.sqlstate)]):
            assert read(replace(reply, function=function), TABLES).kind == "blind"


def test_a_check_without_a_constraint_is_a_partition_s_bound_and_says_nothing() -> None:
    assert read(replace(REACHED["CHECK"], constraint=""), TABLES).kind == "blind"
    assert read(replace(REACHED["NOT NULL"], constraint=""), TABLES).kind == "reached"


class TestATripwire:
    def test_it_says_that_a_row_passed_where_one_was_laid(self) -> None:
        assert read(TRIPPED, TABLES, tripwire=True).kind == "reached"
        assert read(TRIPPED, TABLES).kind == "blind"

    @pytest.mark.parametrize("change", [{"context": "SQL function f"}, {"function": "numeric_div"}, {"function": ""}])
    def test_a_division_by_something_else_says_nothing(self, change: dict[str, Any]) -> None:
        assert read(replace(TRIPPED, **change), TABLES, tripwire=True).kind == "blind"


class TestPermission:
    @pytest.mark.parametrize(
        ("reply", "kind"), [(REFUSED, "refused"), (NOT_GRANTED, "not granted"), (SEQUENCE, "not granted")]
    )
    def test_the_server_s_function_tells_a_policy_from_a_privilege(self, reply: Reply, kind: Kind) -> None:
        assert read(reply, TABLES).kind == kind
        assert read(reply, TABLES, tripwire=True).kind == kind

    @pytest.mark.parametrize("reply", [REFUSED, NOT_GRANTED])
    def test_what_a_function_calls_says_nothing_of_the_caller(self, reply: Reply) -> None:
        answer = read(replace(reply, context="SQL function f statement 1"), TABLES)
        assert answer.kind == "blind"
        assert reply.function in answer.reason

    @pytest.mark.parametrize(
        ("origin", "told"),
        [
            ("exec_stmt_raise", "raised 42501"),
            ("check_enable_rls", "row_security"),
            ("some_other_function", "some_other_function"),
        ],
    )
    def test_any_other_origin_says_nothing_and_is_named(self, origin: str, told: str) -> None:
        answer = read(Reply(sqlstate="42501", function=origin), TABLES)
        assert answer.kind == "blind"
        assert told in answer.reason


@pytest.mark.parametrize("code", REASONS)
def test_a_known_fault_is_told_in_words(code: str) -> None:
    answer = read(Reply(sqlstate=code, function="anything"), TABLES)
    assert answer.kind == "blind"
    assert REASONS[code] in answer.reason


def test_what_a_trigger_raised_is_told_with_its_code() -> None:
    answer = read(Reply(sqlstate="P0001", function="exec_stmt_raise", context="PL/pgSQL function f()"), TABLES)
    assert answer.kind == "blind"
    assert "P0001" in answer.reason


def test_an_unknown_fault_is_told_by_its_code_and_where_it_arose() -> None:
    answer = read(Reply(sqlstate="XX000", function="elog_finish"), TABLES)
    assert (answer.kind, answer.reason) == ("blind", "the server answered XX000 in elog_finish")


CODES = st.sampled_from([*LATER, *REASONS, "42501", "22012", "P0001"]) | st.text()
FUNCTIONS = (
    st.sampled_from(
        [
            *(name for names in LATER.values() for name in names),
            *("ExecWithCheckOptions", "aclcheck_error", "nextval_internal", "exec_stmt_raise", "int4div"),
        ]
    )
    | st.text()
)
NAMES = st.sampled_from([*TABLES, ""]) | st.text()
ERRORS = st.builds(
    Reply,
    rows=st.integers(0, 9),
    sqlstate=CODES,
    function=FUNCTIONS,
    schema=NAMES,
    table=NAMES,
    constraint=NAMES,
    column=NAMES,
    datatype=NAMES,
    context=NAMES,
)


@given(reply=ERRORS, tripwire=st.booleans())
def test_an_error_within_something_else_never_reaches_nor_refuses(reply: Reply, tripwire: bool) -> None:
    inside = replace(reply, context=reply.context or "SQL function f")
    assert read(inside, TABLES, tripwire=tripwire).kind not in ("reached", "refused", "hidden")


@given(reply=ERRORS, tripwire=st.booleans())
def test_an_error_never_hides_and_no_code_but_one_refuses(reply: Reply, tripwire: bool) -> None:
    kind = read(reply, TABLES, tripwire=tripwire).kind
    assert kind != "hidden"
    if reply.sqlstate != "42501":
        assert kind not in ("refused", "not granted")
    if reply.sqlstate not in (*LATER, "22012"):
        assert kind != "reached"


@given(reply=ERRORS, tripwire=st.booleans())
def test_whatever_says_nothing_says_why(reply: Reply, tripwire: bool) -> None:
    answer = read(reply, TABLES, tripwire=tripwire)
    assert bool(answer.reason) or answer.kind != "blind"


@given(reply=ERRORS, tables=st.frozensets(NAMES))
def test_an_error_of_another_table_never_reaches(reply: Reply, tables: frozenset[str]) -> None:
    assert read(reply, tables - {reply.table}).kind != "reached"


def test_one_way_in_is_enough_and_what_says_nothing_is_not_outweighed() -> None:
    probes = {kind: Probe("own", "form", "", kind, "") for kind in WORST_FIRST}
    assert worst(list(probes.values())[::-1]).kind == "reached"
    assert worst([probes["hidden"], probes["blind"], probes["refused"]]).kind == "blind"
    assert worst([probes["not granted"], probes["hidden"]]).kind == "hidden"
