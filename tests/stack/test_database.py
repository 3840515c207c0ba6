"""The database by itself: roles and privileges, what a request's settings mean, posture, migrations."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from stack.database import build
from stack.postgres import Server, running
from tests.stack.people import ASSESSOR, EVENT_TABLES, ORGANIZER, PEOPLE, PUBLIC, A, Acting, B


class TestRoles:
    def test_operator_is_no_superuser_but_passes_policies(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
                " pg_has_role('pg_monitor', 'usage') from pg_roles where rolname = current_user"
            )
            assert cursor.fetchone() == (False, True, True, True, True, True)

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
            cursor.execute(
                "select role, has_sequence_privilege(role, 'public.later_id_seq', 'usage'),"
                " has_function_privilege(role, 'public.later()', 'execute'),"
                " bool_and(has_table_privilege(role, 'public.later', privilege))"
                " from unnest(array['anon', 'authenticated', 'service_role']) as role,"
                " unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as privilege group by 1 order by 1"
            )
            assert cursor.fetchall() == [(role, True, True, True) for role in ("anon", "authenticated", "service_role")]


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

    @pytest.mark.parametrize(
        "event", [A, "ABCDEFab-0000-4000-8000-000000000000", "00000000-0000-0000-0000-000000000000"]
    )
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
    def test_helpers_are_pinned_to_an_empty_search_path_and_closed_to_the_public(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select proname, prosecdef, proconfig, has_function_privilege('anon', oid, 'execute')"
                " from pg_proc where pronamespace = 'private'::regnamespace order by 1"
            )
            assert cursor.fetchall() == [
                (name, definer, ['search_path=""'], False)
                for name, definer in (
                    ("audit_graduation_decision", True),
                    ("current_event_id", False),
                    ("has_role", True),
                    ("is_member", True),
                    ("refuse_change", False),
                )
            ]

    def test_logins_have_supabase_s_settings(self, as_role: Acting) -> None:
        with as_role("authenticator") as cursor:
            cursor.execute("select current_setting('statement_timeout'), current_setting('lock_timeout')")
            assert cursor.fetchone() == ("8s", "8s")
        with as_role("supabase_auth_admin") as cursor:
            cursor.execute("select relrowsecurity from pg_class where oid = 'users'::regclass")
            assert cursor.fetchone() == (True,)

    def test_every_exposed_table_has_rls_and_policies_for_authenticated_alone(self, as_role: Acting) -> None:
        with as_role("postgres") as cursor:
            cursor.execute(
                "select c.relname, c.relrowsecurity, array_agg(distinct r.rolname::text)"
                " from pg_class c left join pg_policy p on p.polrelid = c.oid"
                " left join pg_roles r on r.oid = any (p.polroles)"
                " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') group by 1, 2"
            )
            found = {str(name): (rls, roles) for name, rls, roles in cursor}
        expected: dict[str, tuple[object, object]] = {table: (True, ["authenticated"]) for table in EVENT_TABLES}
        assert found == expected | {PUBLIC: (True, ["anon", "authenticated"])}

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
    def test_nothing_is_granted_without_a_policy(self, as_role: Acting, role: str, expected: dict[str, str]) -> None:
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
