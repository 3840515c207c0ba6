"""Graduation decisions, and the audit log that the database writes about them."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.stack.people import (
    ASSESSOR,
    ASSESSOR_B,
    BOTH,
    ORGANIZER,
    OUTSIDER,
    PARTICIPANT,
    UNDECIDED_A,
    UNDECIDED_B,
    A,
    Acting,
    B,
    let_through,
)

DECIDE = "insert into public.graduation_decisions (enrollment_id, outcome) values (%s, 'passed')"


class TestDecisions:
    @pytest.mark.parametrize(
        ("person", "event", "enrollment"),
        [(ORGANIZER, A, UNDECIDED_A), (ASSESSOR, A, UNDECIDED_A), (ASSESSOR_B, B, UNDECIDED_B), (BOTH, B, UNDECIDED_B)],
    )
    def test_a_decision_leaves_who_what_when_and_which_event_in_the_same_transaction(
        self, acting: Acting, person: str, event: str, enrollment: str
    ) -> None:
        with acting(person, event) as cursor:
            cursor.execute(DECIDE + " returning id", [enrollment])
            (decision,) = cursor.fetchone() or (None,)
            cursor.execute("select set_config('role', 'service_role', true)")
            cursor.execute(
                "select event_id::text, actor_id::text, action, detail, occurred_at = now()"
                " from public.audit_log where record_id = %s",
                [decision],
            )
            assert cursor.fetchall() == [(event, person, "graduation_decision.insert", {"outcome": "passed"}, True)]

    def test_rolling_back_removes_the_decision_and_its_entry(self, acting: Acting, as_role: Acting) -> None:
        counts = "select (select count(*) from public.graduation_decisions), (select count(*) from public.audit_log)"
        with acting(ORGANIZER, A) as cursor:
            cursor.execute(DECIDE, [UNDECIDED_A])
            assert cursor.execute(counts).fetchone() == (3, 3)
        with as_role("postgres") as cursor:
            assert cursor.execute(counts).fetchone() == (4, 4)

    @pytest.mark.parametrize(
        ("person", "context", "enrollment"),
        [
            (PARTICIPANT, A, UNDECIDED_A),
            (OUTSIDER, A, UNDECIDED_A),
            (ASSESSOR, A, UNDECIDED_B),
            (ASSESSOR, B, UNDECIDED_B),
            (BOTH, A, UNDECIDED_B),
            (ASSESSOR, None, UNDECIDED_A),
        ],
    )
    def test_nobody_else_decides(self, acting: Acting, person: str, context: str | None, enrollment: str) -> None:
        with acting(person, context) as cursor:
            assert not let_through(cursor, DECIDE, [enrollment])

    def test_nobody_decides_in_another_s_name(self, acting: Acting) -> None:
        decide = (
            "insert into public.graduation_decisions (enrollment_id, decided_by, outcome) values (%s, %s, 'passed')"
        )
        with acting(ASSESSOR, A) as cursor:
            assert not let_through(cursor, decide, [UNDECIDED_A, ORGANIZER])

    @pytest.mark.parametrize(
        "command",
        ["update public.graduation_decisions set outcome = 'passed'", "delete from public.graduation_decisions"],
    )
    def test_a_decision_is_final(self, acting: Acting, command: str) -> None:
        with acting(ORGANIZER, A) as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(command.encode())

    def test_the_operator_s_corrections_are_audited_too(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute("update public.graduation_decisions set outcome = 'passed' where outcome = 'failed'")
            cursor.execute("delete from public.graduation_decisions")
            cursor.execute("select action, detail ->> 'outcome', count(*) from public.audit_log group by 1, 2")
            assert {row for row in cursor if row[0] != "graduation_decision.insert"} == {
                ("graduation_decision.update", "passed", 2),
                ("graduation_decision.delete", "passed", 4),
            }


class TestAuditLog:
    COMMANDS = (
        "update public.audit_log set actor_id = null",
        "update public.audit_log set actor_id = null where false",
        "delete from public.audit_log",
        "truncate public.audit_log",
        "truncate public.events cascade",
    )

    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("role", ["postgres", "supabase_admin"])
    def test_nobody_changes_it_whatever_they_may_otherwise(self, as_role: Acting, role: str, command: str) -> None:
        with as_role(role) as cursor, pytest.raises(errors.InsufficientPrivilege, match="append-only"):
            cursor.execute(command.encode())

    def test_replica_mode_does_not_switch_that_off(self, as_role: Acting) -> None:
        with as_role("supabase_admin") as cursor:
            cursor.execute("set local session_replication_role = replica")
            with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
                cursor.execute("delete from public.audit_log")

    @pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
    @pytest.mark.parametrize(
        "command",
        [
            *COMMANDS[:4],
            f"insert into public.audit_log (event_id, action, record_id, detail)"
            f" values ('{A}', 'graduation_decision.insert', gen_random_uuid(), '{{}}')",
        ],
    )
    def test_api_roles_are_not_even_granted_it(self, acting: Acting, role: str, command: str) -> None:
        with acting(ORGANIZER, A, role=role) as cursor, pytest.raises(errors.InsufficientPrivilege) as refused:
            cursor.execute(command.encode())
        assert refused.value.diag.source_function == "aclcheck_error"

    def test_seeded_entries_name_the_assessor_and_hold_no_personal_data(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute("select event_id::text, actor_id::text, detail from public.audit_log order by id")
            assert cursor.fetchall() == [
                (event, person, {"outcome": outcome})
                for event, person in ((A, ASSESSOR), (B, ASSESSOR_B))
                for outcome in ("passed", "failed")
            ]
