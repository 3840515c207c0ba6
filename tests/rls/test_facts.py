"""What the engine takes for granted of PostgreSQL, measured on the server that it is shipped with."""

from __future__ import annotations

import time

import pytest

from runbook.rls.answer import read
from runbook.rls.session import Reply, Session
from tests.rls.systems import Lab, Make

INSERT_OWN = "create policy p on t for insert with check (event = 1)"
POLICY = ("42501", "ExecWithCheckOptions")
TABLE = frozenset({"t"})
DEADLINE = 10


def where(reply: Reply) -> tuple[str | None, str]:
    """The error, and the server's own function in which it arose."""
    return reply.sqlstate, reply.function


def refused(reply: Reply) -> bool:
    """Whether it was a policy that refused."""
    return where(reply) == POLICY and not reply.context


class TestAnInsert:
    """In what order it is checked."""

    @pytest.mark.parametrize(
        ("columns", "own", "other", "later"),
        [
            ("id int primary key, event int, must text not null", "7, 1, null", "7, 2, null", "23502"),
            ("id int primary key, event int, v int check (v > 0)", "7, 1, -1", "7, 2, -1", "23514"),
            ("id int primary key, event int, v int", "1, 1, 0", "1, 2, 0", "23505"),
            ("id int primary key, event int, v int references t", "7, 1, 99", "7, 2, 99", "23503"),
        ],
        ids=["NOT NULL", "CHECK", "unique", "foreign key"],
    )
    def test_the_policy_is_asked_before_a_constraint(
        self, lab: Lab, columns: str, own: str, other: str, later: str
    ) -> None:
        lab.table(columns, "(1, 1, '1')", policies=INSERT_OWN)
        let_through = lab.tries(f"insert into t values ({own})")
        assert let_through.sqlstate == later
        assert (let_through.table, let_through.context, let_through.datatype) == ("t", "", "")
        assert read(let_through, TABLE).kind == "reached"
        assert refused(lab.tries(f"insert into t values ({other})"))

    def test_the_server_names_where_each_constraint_is_checked(self, lab: Lab) -> None:
        columns = "id int primary key, must int not null, v int constraint low check (v > 0), up int references t"
        lab.table(columns, "(1, 1, 1, 1)", policies="create policy p on t using (true)")
        assert where(lab.tries("insert into t values (2, null, 1, 1)")) == ("23502", "ReportNotNullViolationError")
        assert where(lab.tries("insert into t values (2, 1, -1, 1)")) == ("23514", "ExecConstraints")
        assert lab.tries("insert into t values (2, 1, -1, 1)").constraint == "low"
        assert where(lab.tries("insert into t values (1, 1, 1, 1)")) == ("23505", "_bt_check_unique")
        assert where(lab.tries("insert into t values (2, 1, 1, 99)")) == ("23503", "ri_ReportViolation")

    @pytest.mark.parametrize(
        ("domain", "value", "code"),
        [("int check (value > 0)", "-1", "23514"), ("int not null", "null", "23502")],
        ids=["CHECK", "NOT NULL"],
    )
    def test_a_domain_s_own_check_comes_before_the_policy_and_names_the_domain(
        self, lab: Lab, domain: str, value: str, code: str
    ) -> None:
        lab.make(f"create domain d as {domain}")
        lab.table("id int primary key, event int, v d", policies=INSERT_OWN)
        reply = lab.tries(f"insert into t values (7, 2, {value})")
        assert (reply.sqlstate, reply.datatype, reply.table) == (code, "d", "")
        assert read(reply, TABLE).kind == "blind"
        assert refused(lab.tries("insert into t values (7, 2, 1)"))

    def test_a_row_that_no_partition_takes_is_refused_before_the_policy_without_a_constraint(self, lab: Lab) -> None:
        lab.make("create table t (id int, event int) partition by list (id); grant all on t to authenticated")
        lab.make("create table t1 partition of t for values in (1)")
        lab.make(f"alter table t enable row level security; {INSERT_OWN}")
        reply = lab.tries("insert into t values (9, 2)")
        assert where(reply) == ("23514", "ExecFindPartition")
        assert (reply.constraint, reply.table) == ("", "t")
        assert read(reply, TABLE).kind == "blind"
        assert refused(lab.tries("insert into t values (1, 2)"))

    def test_a_partition_s_bound_is_checked_after_its_policy_without_a_constraint(self, lab: Lab) -> None:
        lab.make("create table top (id int, event int) partition by list (id)")
        lab.make("create table t partition of top for values in (1); grant all on t to authenticated")
        lab.make(f"alter table t enable row level security; {INSERT_OWN}")
        assert refused(lab.tries("insert into t values (9, 2)"))
        reply = lab.tries("insert into t values (9, 1)")
        assert where(reply) == ("23514", "ExecPartitionCheckEmitError")
        assert read(reply, TABLE).kind == "blind"

    def test_a_stored_column_is_worked_out_before_the_policy(self, lab: Lab) -> None:
        lab.table("id int primary key, event int, n int, g int generated always as (1 / n) stored", policies=INSERT_OWN)
        reply = lab.tries("insert into t values (7, 2, 0)")
        assert where(reply) == ("22012", "int4div")
        assert read(reply, TABLE).kind == "blind"
        assert refused(lab.tries("insert into t values (7, 2, 1)"))

    def test_a_sequence_is_asked_before_the_policy_and_its_privilege_has_a_function_of_its_own(self, lab: Lab) -> None:
        lab.table("id serial primary key, event int", policies=INSERT_OWN)
        reply = lab.tries("insert into t (event) values (2)")
        assert where(reply) == ("42501", "nextval_internal")
        assert refused(lab.tries("insert into t (id, event) values (7, 2)"))
        assert read(reply, TABLE).kind == "not granted"

    @pytest.mark.parametrize("always", ["by default", "always"])
    def test_explicit_values_leave_a_sequence_where_it_is(self, lab: Lab, always: str) -> None:
        lab.table(f"id int generated {always} as identity primary key, event int", policies=INSERT_OWN)
        insert = "insert into t (id, event) overriding system value values (7, 1)"
        assert lab.tries(insert).ok
        assert lab.value("select is_called from t_id_seq") == "f"
        assert lab.tries("insert into t (event) values (1)").ok
        assert lab.value("select is_called from t_id_seq") == "t"

    def test_a_before_trigger_is_quicker_than_the_policy(self, lab: Lab) -> None:
        lab.table("id int primary key, event int", policies=INSERT_OWN)
        assert refused(lab.tries("insert into t values (7, 2)"))
        trigger(lab, "before insert", "raise exception 'no' using errcode = '42501';")
        reply = lab.tries("insert into t values (7, 2)")
        assert where(reply) == ("42501", "exec_stmt_raise")
        assert reply.context
        assert read(reply, TABLE).kind == "blind"

    def test_a_before_trigger_that_returns_null_leaves_the_policy_out(self, lab: Lab) -> None:
        lab.table("id int primary key, event int", policies=INSERT_OWN)
        assert refused(lab.tries("insert into t values (7, 2)"))
        trigger(lab, "before insert", "return null;")
        reply = lab.tries("insert into t values (7, 2)")
        assert (reply.ok, reply.rows) == (True, 0)
        assert read(reply, TABLE).kind != "reached"

    def test_a_before_trigger_may_rewrite_what_the_policy_looks_at(self, lab: Lab) -> None:
        lab.table("id int primary key, event int", policies=INSERT_OWN)
        assert refused(lab.tries("insert into t values (7, 2)"))
        trigger(lab, "before insert", "new.event := 1; return new;")
        assert lab.tries("insert into t values (7, 2)").rows == 1

    def test_an_after_trigger_comes_once_the_policy_has_let_the_row_through(self, lab: Lab) -> None:
        lab.table("id int primary key, event int", policies=INSERT_OWN)
        trigger(lab, "after insert", "raise exception 'no' using errcode = '23514';")
        assert refused(lab.tries("insert into t values (7, 2)"))
        reply = lab.tries("insert into t values (7, 1)")
        assert where(reply) == ("23514", "exec_stmt_raise")
        assert read(reply, TABLE).kind == "blind"

    def test_returning_a_column_adds_the_select_policies_and_returning_a_constant_does_not(self, lab: Lab) -> None:
        lab.table("id int primary key, event int", policies="create policy p on t for insert with check (true)")
        assert lab.tries("insert into t values (7, 1) returning 1").rows == 1
        assert refused(lab.tries("insert into t values (7, 1) returning id"))


def trigger(lab: Lab, when: str, body: str) -> None:
    """A trigger for each row of `t`."""
    lab.make(f"create function f() returns trigger language plpgsql as $$ begin {body} end $$")
    lab.make(f"create trigger g {when} on t for each row execute function f()")


ROWS = ("(1, 1, 'own')", "(2, 2, 'other')")
COLUMNS = "id int primary key, event int not null, note text"
SELECT_OWN = "create policy s on t for select using (event = 1);"


class TestAWrite:
    """What is added to its policies by what it reads."""

    def test_using_filters_and_raises_nothing(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy p on t for update using (event = 1)")
        assert lab.tries("update t set note = 'x'").rows == 1
        reply = lab.tries("update t set note = 'x' where false")
        assert (reply.ok, reply.rows) == (True, 0)

    @pytest.mark.parametrize("write", ["update t set note = 'x'", "delete from t"])
    def test_a_column_in_where_adds_the_select_policies_and_a_form_without_columns_does_not(
        self, lab: Lab, write: str
    ) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"{SELECT_OWN} create policy u on t for {write.split()[0]} using (true)")
        assert lab.tries(write).rows == 2
        assert lab.tries(f"{write} where id in (1, 2)").rows == 1
        assert lab.tries(f"{write} returning 1").rows == 2
        assert lab.tries(f"{write} returning id").rows == 1

    def test_a_column_that_set_reads_adds_the_select_policies_too(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"{SELECT_OWN} create policy u on t for update using (true)")
        assert lab.tries("update t set note = note").rows == 1

    def test_the_select_policies_are_asked_of_the_new_row_as_well(self, lab: Lab) -> None:
        lab.table(COLUMNS, ROWS[0], policies=f"{SELECT_OWN} create policy u on t for update using (true)")
        assert lab.tries("update t set event = 2").rows == 1
        assert refused(lab.tries("update t set event = 2 where id = 1"))

    def test_using_stands_in_for_a_check_that_is_left_out(self, lab: Lab) -> None:
        lab.table(COLUMNS, ROWS[0], policies="create policy u on t for update using (event = 1)")
        assert refused(lab.tries("update t set event = 2"))

    def test_an_update_to_null_is_checked_by_the_policy_first_and_stops_before_the_heap(self, lab: Lab) -> None:
        check = "create policy u on t for update using (true) with check"
        lab.table(COLUMNS, *ROWS, policies=f"{check} (false)")
        assert refused(lab.tries("update t set id = null"))
        lab.make(f"drop policy u on t; {check} (true)")
        reply = lab.tries("update t set id = null")
        assert (*where(reply), reply.table) == ("23502", "ReportNotNullViolationError", "t")
        lab.make("drop policy u on t")
        reply = lab.tries("update t set id = null")
        assert (reply.ok, reply.rows) == (True, 0)

    def test_an_update_s_before_trigger_comes_before_its_check_and_after_its_using(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy u on t for update using (event = 1) with check (false)")
        trigger(lab, "before update", "raise exception 'no';")
        assert lab.tries("update t set note = 'x'").function == "exec_stmt_raise"
        lab.make("delete from t where event = 1")
        assert lab.tries("update t set note = 'x'").ok


class TestOnConflict:
    @pytest.mark.parametrize("action", ["do nothing", "do update set note = 'x'"])
    def test_the_insert_check_runs_whether_there_is_a_conflict_or_not(self, lab: Lab, action: str) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"{INSERT_OWN}; create policy u on t for update using (true)")
        for key in (1, 9):
            assert refused(lab.tries(f"insert into t values ({key}, 2, 'x') on conflict (id) {action}"))

    def test_do_update_on_a_hidden_row_is_refused(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"{SELECT_OWN} create policy w on t using (event = 1)")
        assert refused(lab.tries("insert into t values (2, 1, 'x') on conflict (id) do update set note = 'x'"))
        assert lab.tries("insert into t values (1, 1, 'x') on conflict (id) do update set note = 'x'").rows == 1

    def test_do_nothing_tells_by_its_count_that_a_hidden_row_is_there(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"{SELECT_OWN} {INSERT_OWN}")
        assert [lab.tries(f"insert into t values ({key}, 1, '') on conflict do nothing").rows for key in (2, 9)] == [
            0,
            1,
        ]


class TestMerge:
    POLICIES = "create policy w on t using (event = 1) with check (event = 1)"

    def test_a_hidden_row_counts_as_not_matched_and_the_insert_arm_ends_at_the_unique_key(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=self.POLICIES)
        merge = "merge into t using (select 2 as id) as s on t.id = s.id"
        assert lab.tries(f"{merge} when matched then delete").rows == 0
        reply = lab.tries(f"{merge} when matched then delete when not matched then insert values (2, 1, 'x')")
        assert where(reply) == ("23505", "_bt_check_unique")

    @pytest.mark.parametrize("action", ["update set note = 'x'", "delete"])
    def test_a_row_that_may_be_seen_and_not_written_is_an_error(self, lab: Lab, action: str) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"create policy s on t for select using (true); {self.POLICIES}")
        merge = "merge into t using (select 1) as s on t.id"
        assert refused(lab.tries(f"{merge} = 2 when matched then {action}"))
        assert lab.tries(f"{merge} = 1 when matched then {action}").rows == 1


class TestCopy:
    def test_copy_to_sends_what_the_policies_show(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        assert lab.tries("copy t to stdout").rows == 1
        assert lab.tries("copy (select 1 from t where id = 2) to stdout").rows == 0

    def test_copy_from_is_not_supported_with_rls(self, lab: Lab) -> None:
        lab.table(COLUMNS, policies=INSERT_OWN)
        assert lab.tries("copy t from stdin").sqlstate == "0A000"


class TestWhereAnErrorArises:
    def test_a_missing_privilege_is_told_before_any_policy_is_asked(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy p on t using (1 / (event - event) = 1)")
        lab.make("revoke all on t from authenticated")
        for sql in ("select from t", "insert into t values (7, 1, '')", "update t set note = ''", "delete from t"):
            reply = lab.tries(sql)
            assert (*where(reply), reply.context) == ("42501", "aclcheck_error", "")
            assert read(reply, TABLE).kind == "not granted"

    def test_a_missing_privilege_on_what_a_policy_reads_looks_just_the_same(self, lab: Lab) -> None:
        lab.make("create table secret (id int)")
        lab.table(COLUMNS, *ROWS, policies="create policy p on t using (event in (select id from secret))")
        reply = lab.tries("select from t")
        assert (*where(reply), reply.table, reply.context) == ("42501", "aclcheck_error", "", "")

    def test_with_row_security_off_the_server_refuses_whoever_policies_bind(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        reply = lab.tries("set local row_security = off; select from t")
        assert where(reply) == ("42501", "check_enable_rls")
        assert read(reply, TABLE).kind == "blind"

    def test_a_helper_that_raises_leaves_its_context(self, lab: Lab) -> None:
        raising = "begin raise exception 'no' using errcode = '42501'; end"
        lab.make(f"create function no() returns boolean language plpgsql as $$ {raising} $$")
        lab.table(COLUMNS, *ROWS, policies="create policy p on t using (no())")
        reply = lab.tries("select from t")
        assert where(reply) == ("42501", "exec_stmt_raise")
        assert reply.context
        assert read(reply, TABLE).kind == "blind"

    @pytest.mark.parametrize("language", ["sql", "plpgsql"])
    def test_a_constraint_that_fails_in_a_function_leaves_its_context(self, lab: Lab, language: str) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy p on t using (true)")
        body = "insert into t values (1, 1, '');" if language == "sql" else "begin insert into t values (1, 1, ''); end"
        lab.make(f"create function f() returns void language {language} as $$ {body} $$")
        reply = lab.tries("select f()")
        assert where(reply) == ("23505", "_bt_check_unique")
        assert reply.context
        assert read(reply, TABLE).kind == "blind"

    @pytest.mark.parametrize(
        ("policy", "code", "told"),
        [
            ("using (exists (select from t))", "42P17", "infinite recursion"),
            ("using (event = current_setting('no.such')::int)", "42704", "missing_ok"),
            ("using (deep(event))", "54001", "calls itself"),
            ("using (slow(event))", "57014", "timeouts.statement"),
        ],
    )
    def test_a_policy_that_fails_is_told_by_its_code(self, lab: Lab, policy: str, code: str, told: str) -> None:
        lab.make("create function deep(int) returns boolean language plpgsql as $$ begin return deep($1); end $$")
        lab.make("create function slow(int) returns boolean language sql as $$ select pg_sleep(60) is not null $$")
        lab.table(COLUMNS, *ROWS, policies=f"create policy p on t {policy}")
        lab.make("set local max_stack_depth = '100kB'")
        reply = lab.tries("set local statement_timeout = '300ms'; select from t")
        assert reply.sqlstate == code
        answer = read(reply, TABLE)
        assert answer.kind == "blind"
        assert told in answer.reason

    def test_a_local_setting_leaves_an_empty_text_behind(self, lab: Lab) -> None:
        assert lab.value("select current_setting('lab.event', true) is null") == "t"
        assert lab.tries("select set_config('lab.event', '1', true)").ok
        assert lab.value("select current_setting('lab.event', true)") == ""


TRIPWIRE = "1/(random()*0)::int"


class TestATripwire:
    @pytest.mark.parametrize("policy", ["true", "event = 1"])
    def test_in_returning_it_asks_for_no_select_policy_and_no_privilege_to_read(self, lab: Lab, policy: str) -> None:
        lab.table(COLUMNS, *ROWS, policies=f"create policy d on t for delete using ({policy})")
        lab.make("revoke select on t from authenticated")
        assert lab.tries("delete from t").rows == (2 if policy == "true" else 1)
        assert where(lab.tries("delete from t where id > 0")) == ("42501", "aclcheck_error")
        reply = lab.tries(f"delete from t returning {TRIPWIRE}")
        assert (*where(reply), reply.context) == ("22012", "int4div", "")
        assert read(reply, TABLE, tripwire=True).kind == "reached"
        assert lab.value("select count(*) from t") == "2"

    def test_in_returning_it_is_not_worked_out_where_no_row_passes(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy d on t for delete using (false)")
        reply = lab.tries(f"delete from t returning {TRIPWIRE}")
        assert (reply.ok, reply.rows) == (True, 0)

    def test_in_where_it_must_read_a_column_or_it_may_run_before_the_policy(self, lab: Lab) -> None:
        # The server asks the cheaper of two first where it thinks that nothing leaks: what reads no column, say.
        lab.make(
            "create function shown(int, int) returns boolean language plpgsql cost 1000 as 'begin return $1 = $2; end'"
        )
        lab.table(COLUMNS, *ROWS, policies="create policy s on t for select using (shown(event, 3))")
        by_column = "select 1 from t where 1/(length(id::text)*0) = 0"
        assert lab.tries(by_column).ok
        assert where(lab.tries(f"select 1 from t where {TRIPWIRE} = 0")) == ("22012", "int4div")
        lab.make("drop policy s on t; create policy s on t for select using (shown(event, 1))")
        assert where(lab.tries(by_column)) == ("22012", "int4div")

    def test_in_where_it_may_run_on_a_row_that_the_rest_of_where_leaves_out_unless_case_holds_it_back(
        self, lab: Lab
    ) -> None:
        lab.make("create function costly(int) returns boolean language plpgsql cost 1000 as 'begin return $1 = 9; end'")
        lab.table(COLUMNS, *ROWS, policies="create policy s on t for select using (true)")
        stop = "1/(length(id::text)*0) = 0"
        assert lab.tries(f"select 1 from t where costly(id) and {stop}").sqlstate == "22012"
        assert lab.tries(f"select 1 from t where costly(id) and case when costly(id) then {stop} else false end").ok


class TestTheOwner:
    def test_it_passes_its_own_table_s_policies_unless_they_are_forced(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        lab.make("alter table t owner to authenticated")
        assert lab.tries("select from t").rows == 2
        lab.make("alter table t force row level security")
        assert lab.tries("select from t").rows == 1

    def test_a_role_with_bypassrls_passes_forced_ones_too(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        lab.make("alter table t force row level security; grant select on t to service_role")
        lab.make("grant usage on schema lab to service_role")
        assert lab.tries("select from t").rows == 1
        assert lab.tries("select from t", role="service_role").rows == 2


class TestRoundAbout:
    """Other ways to the rows of a table."""

    def view(self, lab: Lab, name: str, of: str, *, invoker: bool) -> None:
        lab.make(f"create view {name} with (security_invoker = {invoker}) as select * from {of}")
        lab.make(f"grant all on {name} to authenticated")

    def test_a_view_reads_as_its_owner_unless_it_is_the_invoker_s(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        self.view(lab, "owners", "t", invoker=False)
        self.view(lab, "invokers", "t", invoker=True)
        assert lab.tries("select from owners").rows == 2
        assert lab.tries("select from invokers").rows == 1

    def test_in_a_chain_of_views_the_one_next_to_the_table_decides(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        self.view(lab, "owners", "t", invoker=False)
        self.view(lab, "over_owners", "owners", invoker=True)
        self.view(lab, "invokers", "t", invoker=True)
        self.view(lab, "over_invokers", "invokers", invoker=True)
        assert lab.tries("select from over_owners").rows == 2
        assert lab.tries("select from over_invokers").rows == 1
        self.view(lab, "owners_over", "invokers", invoker=False)
        assert lab.tries("select from owners_over").rows == 1

    @pytest.mark.parametrize("invoker", [False, True])
    def test_a_simple_view_is_written_through_under_the_same_rule(self, lab: Lab, invoker: bool) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy w on t using (event = 1)")
        self.view(lab, "v", "t", invoker=invoker)
        assert lab.tries("update t set note = 'x'").rows == 1
        assert lab.tries("update v set note = 'x'").rows == (1 if invoker else 2)
        assert lab.tries("delete from v").rows == (1 if invoker else 2)
        assert refused(lab.tries("insert into v values (7, 2, '')")) == invoker

    def test_an_instead_of_trigger_takes_the_place_of_a_view_s_checks(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy w on t using (event = 1)")
        self.view(lab, "v", "t", invoker=True)
        assert refused(lab.tries("insert into v values (7, 2, '')"))
        lab.make("create function f() returns trigger language plpgsql as $$ begin return new; end $$")
        lab.make("create trigger g instead of insert on v for each row execute function f()")
        assert lab.tries("insert into v values (7, 2, '')").rows == 1

    def test_a_materialised_view_is_guarded_by_no_policy(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        lab.make("create materialized view m as select * from t; grant select on m to authenticated")
        assert lab.tries("select from m").rows == 2
        assert lab.tries("select from t").rows == 1

    @pytest.mark.parametrize(("definer", "rows"), [("security definer", 2), ("security invoker", 1)])
    def test_a_function_with_its_owner_s_rights_passes_the_policies(self, lab: Lab, definer: str, rows: int) -> None:
        lab.table(COLUMNS, *ROWS, policies=SELECT_OWN)
        lab.make(f"create function f() returns setof lab.t language sql {definer} as 'select * from lab.t'")
        assert lab.tries("select from f()").rows == rows
        assert lab.tries("select from t").rows == 1

    @pytest.mark.parametrize("child", ["partition of t for values in (1, 2)", "() inherits (t)"])
    def test_a_partition_or_child_that_is_addressed_itself_is_not_guarded_by_its_parent_s_policies(
        self, lab: Lab, child: str
    ) -> None:
        by = "partition by list (event)" if "partition" in child else ""
        lab.make(f"create table t (id int, event int) {by}; alter table t enable row level security; {SELECT_OWN}")
        lab.make(f"create table c {child}")
        lab.make("insert into c values (1, 1), (2, 2); grant select on t, c to authenticated")
        assert lab.tries("select from t").rows == 1
        assert lab.tries("select from c").rows == 2
        lab.make("alter table c enable row level security")
        assert lab.tries("select from c").rows == 0
        assert lab.tries("select from t").rows == 1

    def test_an_error_names_the_partition_that_the_row_went_to(self, lab: Lab) -> None:
        lab.make("create table t (id int primary key, event int) partition by list (id)")
        lab.make("create table c partition of t for values in (1); insert into t values (1, 1)")
        lab.make("grant all on t to authenticated")
        assert lab.tries("insert into t values (1, 1)").table == "c"

    def test_a_rule_may_do_something_else_and_hide_it_from_the_count(self, lab: Lab) -> None:
        lab.table(COLUMNS, *ROWS, policies="create policy w on t using (event = 1)")
        assert lab.tries("delete from t").rows == 1
        lab.make("create rule r as on delete to t do instead nothing")
        reply = lab.tries("delete from t")
        assert (reply.ok, reply.rows) == (True, 0)

    def test_replica_switches_triggers_and_foreign_keys_off_and_no_policy(self, lab: Lab) -> None:
        lab.table("id int primary key, event int, up int references t", policies=INSERT_OWN)
        trigger(lab, "before insert", "raise exception 'no';")
        lab.make("set local session_replication_role = replica")
        assert lab.tries("insert into t values (7, 1, 99)").rows == 1
        assert refused(lab.tries("insert into t values (7, 2, 99)"))
        lab.make("set local session_replication_role = origin")
        assert lab.tries("insert into t values (7, 1, 99)").function == "exec_stmt_raise"


PEOPLE = """
create table public.people (id int primary key, event int not null, n bigint generated always as identity);
insert into public.people (id, event) values (1, 1), (2, 2);
alter table public.people enable row level security;
grant all on public.people to authenticated;
create policy everything on public.people using (true);
"""
TOUCHLESS = {
    "an insert of NULL": "insert into public.people overriding system value values (null, 1, 9) returning 1",
    "an insert that is refused": "insert into public.people overriding system value values (null, null, 9)",
    "an update to NULL": "update public.people set id = null",
    "a tripwire in WHERE": "update public.people set event = 3 where 1/(length(id::text)*0) = 0",
    "a tripwire before a delete": "delete from public.people where 1/(length(id::text)*0) = 0",
    "a select": "select from public.people",
}


class TestWhatLeavesNoMark:
    """It gets no transaction id, writes no WAL and moves no sequence."""

    ASSIGNED = "select pg_current_xact_id_if_assigned() is not null"
    PLACE = "select pg_current_wal_insert_lsn()"
    UNDO = "rollback to savepoint mark"

    def marks(self, session: Session, sql: str) -> tuple[bool, bool]:
        """Whether a statement, undone at once, got an id, and whether the WAL moved meanwhile."""
        session.ask("savepoint mark")
        before = session.ask(self.PLACE).value
        reply = session.ask(f"set local role authenticated; {sql}")
        session.ask(self.UNDO)
        after = session.ask(self.PLACE).value
        assert reply.ok or reply.sqlstate in ("23502", "22012")
        return session.ask(self.ASSIGNED).value == "t", before != after

    @pytest.mark.parametrize("sql", TOUCHLESS.values(), ids=TOUCHLESS.keys())
    def test_a_statement_that_stops_before_the_heap(self, reference: Make, sql: str) -> None:
        system = reference(PEOPLE)
        deadline = time.monotonic() + DEADLINE
        moved = True
        while moved and time.monotonic() < deadline:  # the server's own processes write now and then
            with system.database.transaction() as cursor:
                session = Session(cursor)
                assigned, moved = self.marks(session, "set local row_security = on; " + sql)
                assert not assigned
        assert not moved
        assert system.database.read("select is_called, last_value from public.people_n_seq") == [(True, 2)]

    @pytest.mark.parametrize(
        "sql", ["update public.people set event = 3", f"delete from public.people returning {TRIPWIRE}"]
    )
    def test_a_write_is_seen_by_this_measure_even_when_it_is_undone(self, reference: Make, sql: str) -> None:
        with reference(PEOPLE).database.transaction() as cursor:
            session = Session(cursor)
            assert self.marks(session, "set local row_security = on; " + sql) == (True, True)


class TestSavepoints:
    COUNTED = """
        select pg_stat_clear_snapshot(); select s.subxact_count || ' ' || s.subxact_overflowed
        from pg_stat_get_backend_idset() as id, lateral pg_stat_get_backend_subxact(id) as s
        where pg_stat_get_backend_pid(id) = pg_backend_pid()
    """

    def test_a_savepoint_that_is_rolled_back_leaves_no_subtransaction_and_one_that_is_released_does(
        self, lab: Lab
    ) -> None:
        lab.table(COLUMNS)
        begun = lab.value(self.COUNTED)
        assert begun is not None
        count = int(begun.split()[0])
        lab.make("savepoint again")
        for key in range(100):
            lab.make(f"insert into t values ({key}, 1); rollback to savepoint again")
        assert lab.value(self.COUNTED) == f"{count} false"
        for key in range(10):
            lab.make(f"savepoint kept; insert into t values ({key}, 1); release savepoint kept")
        assert lab.value(self.COUNTED) == f"{count + 11} false"
        for key in range(10, 80):
            lab.make(f"savepoint kept; insert into t values ({key}, 1); release savepoint kept")
        assert lab.value(self.COUNTED) == "64 true"

    def test_a_role_and_claims_that_are_set_within_one_end_with_it(self, lab: Lab) -> None:
        lab.make("savepoint probe")
        lab.make("select set_config('request.jwt.claims', '{}', true), set_config('role', 'anon', true)")
        assert lab.value("select current_user || current_setting('request.jwt.claims')") == "anon{}"
        lab.make("rollback to savepoint probe")
        assert lab.value("select current_user") == "supabase_admin"
        assert lab.value("select coalesce(current_setting('request.jwt.claims', true), '')") == ""

    def test_an_error_in_the_middle_of_a_message_ends_with_the_savepoint(self, lab: Lab, session: Session) -> None:
        lab.make("savepoint probe")
        assert session.ask("select 1; select 1/0; select 2").sqlstate == "22012"
        assert session.ask("select 1").sqlstate == "25P02"
        assert session.ask("rollback to savepoint probe; select 3").value == "3"
