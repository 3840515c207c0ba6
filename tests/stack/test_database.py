"""The database by itself: roles, privileges, policies, audit log, migrations. Callers are what the API makes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from stack.database import build
from stack.postgres import Server, running

Cursor = psycopg.Cursor[tuple[object, ...]]
Acting = Callable[..., AbstractContextManager[Cursor]]

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"
ORGANIZER, ASSESSOR, PARTICIPANT, ORGANIZER_B, ASSESSOR_B, PARTICIPANT_B, BOTH, OUTSIDER = PEOPLE = [
    f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(1, 9)
]
PARTICIPANT_OF_A, PARTICIPANT_OF_B = "bbbbbbbb-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000005"
UNDECIDED_A, UNDECIDED_B = "cccccccc-0000-4000-8000-000000000002", "cccccccc-0000-4000-8000-000000000006"

TABLES = {
    "events",
    "event_members",
    "participants",
    "enrollments",
    "sessions",
    "attendance",
    "graduation_decisions",
    "audit_log",
    "provinces",
}
# How each relation's rows are counted by event.
BY_EVENT = {
    "participants": "select event_id, count(*) from public.participants group by 1",
    "enrollments": "select event_id, count(*) from public.enrollments group by 1",
    "sessions": "select event_id, count(*) from public.sessions group by 1",
    "attendance": "select s.event_id, count(*) from public.attendance a join public.sessions s on s.id = a.session_id group by 1",
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


class TestRoles:
    def test_operator_is_no_superuser_but_passes_policies(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
                " from pg_roles where rolname = current_user"
            )
            assert cursor.fetchone() == (False, True, True, True, True)

    def test_operator_can_become_each_api_role(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            for role in ("anon", "authenticated", "service_role"):
                cursor.execute("select set_config('role', %s, true)", [role])

    def test_api_login_has_nothing_until_it_becomes_somebody(self, as_role: Acting) -> None:
        with as_role("authenticator") as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("select from public.provinces")

    @pytest.mark.parametrize("role", ["postgres", "supabase_admin", "supabase_auth_admin"])
    def test_api_login_cannot_become_more(self, as_role: Acting, role: str) -> None:
        with as_role("authenticator") as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("select set_config('role', %s, true)", [role])

    def test_auth_login_reads_the_people_and_nothing_of_the_events(self, as_role: Acting) -> None:
        with as_role("supabase_auth_admin") as cursor:
            cursor.execute("select id::text from auth.users order by id")
            assert [row[0] for row in cursor] == PEOPLE
            with pytest.raises(errors.InsufficientPrivilege):
                cursor.execute("select from public.events")

    def test_one_role_s_password_lets_nobody_in_as_another(self, server: Server) -> None:
        dsn = server.dsn("authenticator", "shared").replace("//authenticator:", "//postgres:")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(dsn)

    def test_nobody_gets_in_without_a_password(self, server: Server) -> None:
        login, _, place = server.dsn("supabase_admin").partition("@")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(f"{login.rpartition(':')[0]}@{place}")

    def test_what_a_later_migration_makes_is_open_to_the_api_roles_by_default(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute("create table public.later (id int generated always as identity)")
            cursor.execute("create function public.later() returns int language sql as 'select 1'")
            for role in ("anon", "authenticated", "service_role"):
                cursor.execute(
                    "select has_table_privilege(%(role)s, 'public.later', 'select, insert, update, delete, truncate'),"
                    " has_sequence_privilege(%(role)s, 'public.later_id_seq', 'usage'),"
                    " has_function_privilege(%(role)s, 'public.later()', 'execute')",
                    {"role": role},
                )
                assert cursor.fetchone() == (True, True, True)


class TestRequestContext:
    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("request.jwt.claims", json.dumps({"sub": ORGANIZER, "role": "authenticated"})),
            ("request.jwt.claim.sub", ORGANIZER),
        ],
    )
    def test_uid_is_the_subject_of_the_claims_old_style_too(self, as_role: Acting, setting: str, value: str) -> None:
        with as_role("postgres") as cursor:
            cursor.execute("select set_config(%s, %s, true)", [setting, value])
            cursor.execute("select auth.uid()::text")
            assert cursor.fetchone() == (ORGANIZER,)

    def test_claims_are_null_outside_a_request(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            for setting in ("request.jwt.claims", "request.jwt.claim.sub"):
                cursor.execute("select set_config(%s, '', true)", [setting])
            cursor.execute("select auth.uid(), auth.role(), auth.jwt()")
            assert cursor.fetchone() == (None, None, None)

    @pytest.mark.parametrize("event", [A, A.upper(), "00000000-0000-0000-0000-000000000000"])
    def test_event_is_the_header_s(self, as_role: Acting, event: str) -> None:
        assert current_event(as_role, json.dumps({"x-event-id": event})) == event.lower()

    @pytest.mark.parametrize(
        "headers",
        [
            None,
            "",
            " ",
            "no json",
            "[]",
            "null",
            "1",
            f'"{A}"',
            "{}",
            '{"x-event-id": null}',
            '{"x-event-id": ""}',
            '{"x-event-id": 1}',
            '{"x-event-id": "\\u0000"}',
            *(
                json.dumps({"x-event-id": text})
                for text in (
                    f"{A}\n",
                    f" {A}",
                    f"{{{A}}}",
                    A.replace("-", ""),
                    f"{A},{B}",
                    f"{A}{A}",
                    "é",
                    "' or true --",
                )
            ),
            json.dumps({"X-Event-Id": A}),
        ],
    )
    def test_no_usable_header_means_no_event_and_no_error(self, as_role: Acting, headers: str | None) -> None:
        assert current_event(as_role, headers) is None

    @pytest.mark.parametrize(
        "call",
        ["private.current_event_id()", f"private.is_member('{A}')", f"private.has_role('{A}', 'organizer')"],
    )
    def test_helpers_are_not_for_anonymous_callers(self, acting: Acting, call: str) -> None:
        with acting(None, role="anon") as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(f"select {call}")

    def test_helpers_tell_only_of_the_caller(self, acting: Acting) -> None:
        with acting(ASSESSOR) as cursor:
            cursor.execute(
                "select private.is_member(%(a)s), private.has_role(%(a)s, 'organizer', 'assessor'),"
                " private.has_role(%(a)s, 'organizer'), private.is_member(%(b)s), private.is_member(null)",
                {"a": A, "b": B},
            )
            assert cursor.fetchone() == (True, True, False, False, False)


class TestPosture:
    def test_every_exposed_table_has_rls_and_policies_for_authenticated_alone(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select c.relname, c.relrowsecurity, array_agg(distinct r.rolname::text)"
                " from pg_class c left join pg_policy p on p.polrelid = c.oid"
                " left join pg_roles r on r.oid = any (p.polroles)"
                " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') group by 1, 2"
            )
            found = {str(name): (rls, roles) for name, rls, roles in cursor}
        expected: dict[str, tuple[object, object]] = {table: (True, ["authenticated"]) for table in TABLES}
        assert found == expected | {"provinces": (True, ["anon", "authenticated"])}

    @pytest.mark.parametrize(
        ("role", "expected"),
        [
            ("anon", {"provinces": "SELECT"}),
            (
                "authenticated",
                {
                    "attendance": "DELETE,INSERT,SELECT,UPDATE",
                    "audit_log": "SELECT",
                    "decision_summary": "SELECT",
                    "enrollments": "DELETE,INSERT,SELECT,UPDATE",
                    "event_members": "SELECT",
                    "event_roster": "SELECT",
                    "events": "SELECT",
                    "graduation_decisions": "INSERT,SELECT",
                    "participants": "DELETE,INSERT,SELECT,UPDATE",
                    "provinces": "SELECT",
                    "sessions": "DELETE,INSERT,SELECT,UPDATE",
                },
            ),
        ],
    )
    def test_nothing_is_granted_that_no_policy_is_for(
        self, as_role: Acting, role: str, expected: dict[str, str]
    ) -> None:
        assert granted(as_role, role) == expected

    def test_service_role_writes_everything_but_the_audit_log(self, as_role: Acting) -> None:
        found = granted(as_role, "service_role")
        assert found.pop("audit_log") == "SELECT"
        assert all("INSERT" in privileges for privileges in found.values())

    def test_every_foreign_key_has_an_index_that_begins_with_its_columns(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select con.conname from pg_constraint con where con.contype = 'f'"
                " and con.connamespace = 'public'::regnamespace and not exists (select from pg_index i"
                " where i.indrelid = con.conrelid"
                " and (i.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey)"
            )
            assert cursor.fetchall() == []

    def test_policies_look_up_the_caller_once_a_query(self, acting: Acting) -> None:
        with acting(ORGANIZER, A) as cursor:
            for table in ("participants", "attendance", "graduation_decisions", "audit_log", "event_members", "events"):
                cursor.execute(f"explain (format json) select * from public.{table}")
                plan = json.dumps(cursor.fetchone())
                assert "InitPlan" in plan
                assert not re.search(r'Filter": "[^"]*(auth|private)\.', plan), table

    def test_views_are_their_caller_s(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'"
                " and not 'security_invoker=true' = any (coalesce(reloptions, '{}'))"
            )
            assert cursor.fetchall() == []


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
            cursor.execute("select count(*) from public.provinces")
            assert cursor.fetchone() == (38,)
        for relation in {*TABLES, "event_roster", "decision_summary"} - {"provinces"}:
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
            cursor.execute(
                "insert into public.sessions (event_id, title, held_on) values (%s, 'Ujian', '2026-02-04')", [A]
            )

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
        insert = (
            "insert into public.graduation_decisions (enrollment_id, outcome, decided_by) values (%s, 'failed', %s)"
        )
        with acting(ASSESSOR, A) as cursor:
            refused_by_policy(cursor, insert, UNDECIDED_A, ORGANIZER)

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


class TestBuilding:
    def test_what_is_recorded_is_not_applied_again(self, server: Server, own_database: str) -> None:
        assert build.migrate(server.dsn("postgres", own_database)) == []

    def test_a_migration_is_applied_whole_or_not_at_all(
        self, server: Server, own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "migrations").mkdir()
        (tmp_path / "migrations" / "20300101000000_good.sql").write_text("create table public.good (id int);")
        (tmp_path / "migrations" / "20300102000000_bad.sql").write_text("create table public.bad (id int); select 1/0;")
        monkeypatch.setattr(build, "HERE", tmp_path)
        dsn = server.dsn("postgres", own_database)
        with pytest.raises(build.ScriptError, match=r"20300102000000_bad\.sql: division by zero"):
            build.migrate(dsn)
        with psycopg.connect(dsn) as connection:
            assert connection.execute(
                "select to_regclass('public.good') is null, to_regclass('public.bad') is null, max(version)"
                " from supabase_migrations.schema_migrations"
            ).fetchone() == (False, True, "20300101000000")

    def test_a_recorded_migration_keeps_its_text_and_name(self, server: Server) -> None:
        file = next((build.HERE / "migrations").glob("*_tenancy.sql"))
        with psycopg.connect(server.dsn("postgres", "shared")) as connection:
            assert connection.execute(
                "select statements, name from supabase_migrations.schema_migrations where version = %s",
                [file.name.partition("_")[0]],
            ).fetchone() == ([file.read_text(encoding="utf-8")], "tenancy")

    def test_a_clone_is_the_database_as_it_was_built(self, server: Server, own_database: str) -> None:
        dsn = server.dsn("postgres", own_database)
        with psycopg.connect(dsn) as connection:
            connection.execute("delete from public.attendance")
        server.clone(own_database)
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select count(*) from public.attendance").fetchone() == (16,)

    def test_servers_stand_side_by_side_and_leave_only_logs(self, server: Server, tmp_path: Path) -> None:
        with running(tmp_path / "second") as second, psycopg.connect(second.dsn("postgres")) as connection:
            connection.execute("drop table public.attendance")
        assert [path.name for path in (tmp_path / "second").iterdir()] == ["logs"]
        with psycopg.connect(server.dsn("postgres", "shared")) as connection:
            connection.execute("select from public.attendance")


def current_event(as_role: Acting, headers: str | None) -> object:
    """What private.current_event_id() makes of the setting request.headers."""
    with as_role("postgres") as cursor:
        if headers is not None:
            cursor.execute("select set_config('request.headers', %s, true)", [headers])
        (event,) = cursor.execute("select private.current_event_id()::text").fetchone() or ("no row",)
        return event


def granted(as_role: Acting, role: str) -> dict[str, str]:
    """What the role may do with each relation of schema public that it may do anything with."""
    with as_role("postgres") as cursor:
        cursor.execute(
            "select c.relname, string_agg(distinct p.privilege_type, ',' order by p.privilege_type)"
            " from pg_class c cross join aclexplode(c.relacl) p"
            " where c.relnamespace = 'public'::regnamespace and p.grantee = %s::regrole group by 1",
            [role],
        )
        return {str(name): str(privileges) for name, privileges in cursor}


@contextmanager
def savepoint(cursor: Cursor) -> Iterator[None]:
    with cursor.connection.transaction(force_rollback=True):
        yield


def refused_by_policy(cursor: Cursor, statement: str, *values: object) -> None:
    """The WITH CHECK of a policy is what refuses, and not a missing grant or a constraint."""
    with pytest.raises(errors.InsufficientPrivilege) as refused, savepoint(cursor):
        cursor.execute(statement.encode(), values)
    assert refused.value.diag.source_function == "ExecWithCheckOptions"
