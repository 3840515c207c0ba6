"""The policies: what each caller, made as the API makes it, reads and writes in which event."""

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
    PEOPLE,
    PUBLIC,
    ROWS,
    VIEWS,
    A,
    Acting,
    B,
    become,
    let_through,
)

WITH_EVENT = ("participants", "enrollments", "sessions", "event_roster", "decision_summary", "audit_log")
WITHOUT_EVENT = ("attendance", "graduation_decisions")
MEMBERS_READ = {"participants": 4, "enrollments": 4, "sessions": 2, "attendance": 8, "event_roster": 4}
ASSESSORS_READ = MEMBERS_READ | {"graduation_decisions": 2, "decision_summary": 2}
ORGANIZERS_READ = ASSESSORS_READ | {"audit_log": 2}

ADD = {
    "participants": "insert into public.participants (event_id, full_name, email) values (%(event)s, 'Tri', 'tri@x')",
    "enrollments": "insert into public.enrollments (event_id, participant_id) values (%(event)s, %(participant)s)",
    "sessions": "insert into public.sessions (event_id, title, held_on) values (%(event)s, 'Ujian', now())",
    "attendance": (
        "insert into public.attendance (session_id, enrollment_id, present) values (%(session)s, %(enrollment)s, true)"
    ),
}
WRITERS = {table: {"organizer"} for table in ADD} | {"attendance": {"organizer", "assessor"}}
# What has to be gone before a table's rows can be removed.
DEPENDENT = {
    "participants": ("graduation_decisions", "attendance", "enrollments"),
    "enrollments": ("graduation_decisions", "attendance"),
    "sessions": ("attendance",),
    "attendance": (),
}


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
            for relation in (*WITH_EVENT, *WITHOUT_EVENT):
                cursor.execute(f"select count(*) from public.{relation}".encode())
                assert cursor.fetchone() == (expected.get(relation, 0),), relation
            for relation in WITH_EVENT:
                cursor.execute(f"select distinct event_id::text from public.{relation}".encode())
                assert cursor.fetchall() == ([(event,)] if relation in expected else []), relation

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


@pytest.mark.parametrize("table", ADD)
class TestWriting:
    @pytest.mark.parametrize(
        ("person", "context", "target", "role"),
        [
            (ORGANIZER, A, A, "organizer"),
            (ASSESSOR, A, A, "assessor"),
            (PARTICIPANT, A, A, "participant"),
            (BOTH, A, A, "organizer"),
            (BOTH, B, B, "assessor"),
            (OUTSIDER, A, A, None),
            (ORGANIZER, A, B, None),
            (ORGANIZER, B, B, None),
            (ORGANIZER, None, A, None),
            (BOTH, A, B, None),
            (BOTH, B, A, None),
            (BOTH, None, A, None),
        ],
    )
    def test_rows_are_added_by_the_role_for_it_to_the_event_of_the_context(
        self, acting: Acting, table: str, person: str, context: str | None, target: str, role: str | None
    ) -> None:
        with acting(person, context) as cursor:
            assert let_through(cursor, ADD[table], ROWS[target]) is (role in WRITERS[table])

    @pytest.mark.parametrize(
        ("person", "context", "role"),
        [
            (ORGANIZER, A, "organizer"),
            (ASSESSOR, A, "assessor"),
            (PARTICIPANT, A, "participant"),
            (BOTH, A, "organizer"),
            (BOTH, B, "assessor"),
            (OUTSIDER, A, None),
            (ORGANIZER, B, None),
            (ORGANIZER, None, None),
            (BOTH, None, None),
        ],
    )
    def test_rows_are_changed_and_removed_by_the_role_for_it_in_the_event_of_the_context(
        self, as_role: Acting, table: str, person: str, context: str | None, role: str | None
    ) -> None:
        expected = MEMBERS_READ[table] if role in WRITERS[table] else 0
        with as_role("postgres") as cursor:
            for dependent in DEPENDENT[table]:
                cursor.execute(f"delete from public.{dependent}".encode())
            become(cursor, person, context, "authenticated")
            # Without a WHERE, which would bring in the SELECT policy and hide what these two let through.
            assert cursor.execute(f"update public.{table} set created_at = now()".encode()).rowcount == expected
            assert cursor.execute(f"delete from public.{table}".encode()).rowcount == expected

    def test_no_row_moves_to_another_event_even_for_a_member_of_both(self, acting: Acting, table: str) -> None:
        moves = {"attendance": ("session_id = %(session)s", "enrollment_id = %(enrollment)s")}
        for move in moves.get(table, ("event_id = %(event)s",)):
            with acting(BOTH, A) as cursor:
                assert not let_through(cursor, f"update public.{table} set {move}", ROWS[B])


class TestReferences:
    @pytest.mark.parametrize(("session", "enrollment"), [(A, B), (B, A)])
    @pytest.mark.parametrize("context", [A, B])
    def test_attendance_never_joins_a_session_and_an_enrolment_of_two_events(
        self, acting: Acting, context: str, session: str, enrollment: str
    ) -> None:
        mixed = {"session": ROWS[session]["session"], "enrollment": ROWS[enrollment]["enrollment"]}
        with acting(BOTH, context) as cursor:
            assert not let_through(cursor, ADD["attendance"], mixed)

    def test_an_enrolment_never_points_at_another_event_s_participant(self, as_role: Acting) -> None:
        with as_role("supabase_admin") as cursor, pytest.raises(errors.ForeignKeyViolation):
            cursor.execute(
                "insert into public.enrollments (event_id, participant_id) values (%s, %s)", [A, ROWS[B]["participant"]]
            )

    def test_nobody_writes_memberships(self, acting: Acting) -> None:
        for command in (
            f"insert into public.event_members values ('{B}', '{ORGANIZER}', 'organizer')",
            "update public.event_members set role = 'organizer'",
            "delete from public.event_members",
        ):
            with acting(ORGANIZER, A) as cursor, pytest.raises(errors.InsufficientPrivilege):
                cursor.execute(command.encode())
