"""The policies: what each caller, made as the API makes it, reads and writes in which event; and the audit log."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.stack.people import (
    ASSESSOR,
    ASSESSOR_B,
    BOTH,
    EVENT_TABLES,
    ORGANIZER,
    ORGANIZER_B,
    OUTSIDER,
    PARTICIPANT,
    PARTICIPANT_B,
    PARTICIPANT_OF_B,
    PEOPLE,
    PUBLIC,
    UNDECIDED_A,
    UNDECIDED_B,
    VIEWS,
    A,
    Acting,
    B,
    Cursor,
)

# How each relation's rows are counted by event.
BY_EVENT = {
    "participants": "select event_id, count(*) from public.participants group by 1",
    "enrollments": "select event_id, count(*) from public.enrollments group by 1",
    "sessions": "select event_id, count(*) from public.sessions group by 1",
    "attendance": (
        "select s.event_id, count(*) from public.attendance a join public.sessions s on s.id = a.session_id group by 1"
    ),
    "event_roster": "select event_id, count(*) from public.event_roster group by 1",
    "graduation_decisions": (
        "select e.event_id, count(*) from public.graduation_decisions d"
        " join public.enrollments e on e.id = d.enrollment_id group by 1"
    ),
    "decision_summary": "select event_id, sum(decisions) from public.decision_summary group by 1",
    "audit_log": "select event_id, count(*) from public.audit_log group by 1",
}
MEMBERS_READ = {"participants": 4, "enrollments": 4, "sessions": 2, "attendance": 8, "event_roster": 4}
ASSESSORS_READ = MEMBERS_READ | {"graduation_decisions": 2, "decision_summary": 2}
ORGANIZERS_READ = ASSESSORS_READ | {"audit_log": 2}

ADD_PARTICIPANT = (
    "insert into public.participants (event_id, full_name, email) values (%s, 'Tri', 'tri@peserta.example')"
)
DECIDE = "insert into public.graduation_decisions (enrollment_id, outcome) values (%s, 'passed')"


class TestReading:
    @pytest.mark.parametrize(
        ("person", "event", "expected"),
        [
            (ORGANIZER, A, ORGANIZERS_READ),
            (ASSESSOR, A, ASSESSORS_READ),
            (PARTICIPANT, A, MEMBERS_READ),
            (ORGANIZER_B, B, ORGANIZERS_READ),
            (ASSESSOR_B, B, ASSESSORS_READ),
            (PARTICIPANT_B, B, MEMBERS_READ),
            (BOTH, A, ORGANIZERS_READ),
            (BOTH, B, ASSESSORS_READ),
            (ORGANIZER, B, {}),
            (ASSESSOR, B, {}),
            (PARTICIPANT, B, {}),
            (ORGANIZER_B, A, {}),
            (OUTSIDER, A, {}),
            (OUTSIDER, B, {}),
            *((person, None, {}) for person in PEOPLE),
            *((person, "not an event", {}) for person in PEOPLE),
            (None, A, {}),
        ],
    )
    def test_rows_are_those_of_the_event_that_the_header_names_to_its_members(
        self, acting: Acting, person: str | None, event: str | None, expected: dict[str, int]
    ) -> None:
        with acting(person, event) as cursor:
            for relation, query in BY_EVENT.items():
                found = {str(row[0]): row[1] for row in cursor.execute(query.encode())}
                assert found == ({event: expected[relation]} if relation in expected else {}), relation

    @pytest.mark.parametrize(
        ("person", "events"),
        [(ORGANIZER, {A}), (PARTICIPANT, {A}), (ASSESSOR_B, {B}), (BOTH, {A, B}), (OUTSIDER, set()), (None, set())],
    )
    @pytest.mark.parametrize("context", [None, A, B])
    def test_one_s_events_need_no_context(
        self, acting: Acting, person: str | None, events: set[str], context: str | None
    ) -> None:
        with acting(person, context) as cursor:
            cursor.execute("select id::text from public.events")
            assert {row[0] for row in cursor} == events

    @pytest.mark.parametrize(
        ("person", "context", "expected"),
        [
            (BOTH, None, {(A, BOTH), (B, BOTH)}),
            (PARTICIPANT, A, {(A, person) for person in (ORGANIZER, ASSESSOR, PARTICIPANT, BOTH)}),
            (PARTICIPANT, B, {(A, PARTICIPANT)}),
            (OUTSIDER, A, set()),
        ],
    )
    def test_memberships_are_one_s_own_and_those_of_the_event(
        self, acting: Acting, person: str, context: str | None, expected: set[tuple[str, str]]
    ) -> None:
        with acting(person, context) as cursor:
            cursor.execute("select event_id::text, user_id::text from public.event_members")
            assert {(row[0], row[1]) for row in cursor} == expected

    def test_anonymous_callers_read_the_provinces_and_nothing_else(self, acting: Acting) -> None:
        with acting(None, A, role="anon") as cursor:
            cursor.execute(f"select count(*) from public.{PUBLIC}".encode())
            assert cursor.fetchone() == (38,)
        for relation in (*EVENT_TABLES, *VIEWS):
            with acting(None, A, role="anon") as cursor, pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(f"select from public.{relation}".encode())


class TestWriting:
    def test_organizers_write_what_is_their_event_s(self, acting: Acting) -> None:
        with acting(ORGANIZER, A) as cursor:
            cursor.execute(ADD_PARTICIPANT, [A])
            cursor.execute(
                "insert into public.enrollments (event_id, participant_id)"
                " select event_id, id from public.participants where email = 'tri@peserta.example'"
            )
            assert cursor.execute("update public.enrollments set status = 'withdrawn'").rowcount == 5
            assert cursor.execute("delete from public.attendance").rowcount == 8
            cursor.execute("insert into public.sessions (event_id, title, held_on) values (%s, 'Ujian', now())", [A])

    @pytest.mark.parametrize(("person", "context"), [(ORGANIZER, A), (BOTH, A), (ORGANIZER, B), (ORGANIZER, None)])
    def test_nobody_adds_to_an_event_that_is_not_the_context(
        self, acting: Acting, person: str, context: str | None
    ) -> None:
        with acting(person, context) as cursor:
            refused_by_policy(cursor, ADD_PARTICIPANT, B)

    @pytest.mark.parametrize("person", [ASSESSOR, PARTICIPANT, OUTSIDER])
    def test_only_organizers_add_participants(self, acting: Acting, person: str) -> None:
        with acting(person, A) as cursor:
            refused_by_policy(cursor, ADD_PARTICIPANT, A)

    @pytest.mark.parametrize("table", ["participants", "enrollments", "sessions", "attendance"])
    @pytest.mark.parametrize(
        ("person", "context"), [(PARTICIPANT, A), (ORGANIZER, B), (ORGANIZER, None), (OUTSIDER, A), (OUTSIDER, None)]
    )
    def test_others_change_and_remove_nothing(
        self, acting: Acting, table: str, person: str, context: str | None
    ) -> None:
        with acting(person, context) as cursor:
            assert cursor.execute(f"update public.{table} set created_at = now()".encode()).rowcount == 0
            assert cursor.execute(f"delete from public.{table}".encode()).rowcount == 0

    @pytest.mark.parametrize("table", ["participants", "enrollments", "sessions"])
    def test_no_row_moves_to_another_event_even_for_a_member_of_both(self, acting: Acting, table: str) -> None:
        with acting(BOTH, A) as cursor:
            refused_by_policy(cursor, f"update public.{table} set event_id = %s", B)

    def test_assessors_take_attendance(self, acting: Acting) -> None:
        with acting(ASSESSOR, A) as cursor:
            assert cursor.execute("update public.attendance set present = not present").rowcount == 8

    @pytest.mark.parametrize("context", [A, B])
    def test_attendance_never_joins_a_session_and_an_enrolment_of_two_events(
        self, acting: Acting, as_role: Acting, context: str
    ) -> None:
        other = B if context == A else A
        with as_role("postgres") as cursor:
            cursor.execute("select id from public.sessions where event_id = %s limit 1", [context])
            (session,) = cursor.fetchone() or (None,)
            cursor.execute("select id from public.enrollments where event_id = %s limit 1", [other])
            (enrollment,) = cursor.fetchone() or (None,)
        insert = "insert into public.attendance (session_id, enrollment_id, present) values (%s, %s, true)"
        with acting(BOTH, context) as cursor:
            refused_by_policy(cursor, insert, session, enrollment)

    def test_an_enrolment_never_points_at_another_event_s_participant(self, as_role: Acting) -> None:
        with as_role("supabase_admin") as cursor, pytest.raises(errors.ForeignKeyViolation):
            cursor.execute(
                "insert into public.enrollments (event_id, participant_id) values (%s, %s)", [A, PARTICIPANT_OF_B]
            )

    def test_nobody_writes_memberships(self, acting: Acting) -> None:
        for command in (
            f"insert into public.event_members values ('{B}', '{ORGANIZER}', 'organizer')",
            "update public.event_members set role = 'organizer'",
            "delete from public.event_members",
        ):
            with acting(ORGANIZER, A) as cursor, pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(command.encode())


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
            refused_by_policy(cursor, DECIDE, enrollment)

    def test_nobody_decides_in_another_s_name(self, acting: Acting) -> None:
        decide = (
            "insert into public.graduation_decisions (enrollment_id, decided_by, outcome) values (%s, %s, 'passed')"
        )
        with acting(ASSESSOR, A) as cursor:
            refused_by_policy(cursor, decide, UNDECIDED_A, ORGANIZER)

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


def refused_by_policy(cursor: Cursor, statement: str, *values: object) -> None:
    """The WITH CHECK of a policy is what refuses, and not a missing grant or a constraint."""
    with pytest.raises(errors.InsufficientPrivilege) as refused:
        cursor.execute(statement.encode(), values)
    assert refused.value.diag.source_function == "ExecWithCheckOptions"
