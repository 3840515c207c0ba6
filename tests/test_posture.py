"""The static rules: all of pgrls' are judged, none is wrong about the reference system, each finds its defect."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pglast
import psycopg
import pytest
from pgrls import introspect
from pgrls.rules import all_rules
from pydantic import SecretStr

from runbook.database.connection import Database
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.rls import posture
from runbook.rls.posture import Finding, examine, query, rules
from runbook.settings import Settings
from runbook.settings_file import load
from runbook.settings_values import Relation
from stack.database import build
from stack.defects import FOLDER, read
from stack.postgres import ADMIN, Server, running
from tests.documents import LIVE, VARIABLES

OWN = sorted(path.stem for path in Path(posture.__file__).parent.glob("*.sql"))
GATING = sorted(rule.id for rule in rules().values() if rule.level == "gate")
ADVISING = sorted(rule.id for rule in rules().values() if rule.level == "advise" and rule.origin == "runbook")
STATES = Path(__file__).resolve().parents[1] / ".runbook"
EXPECTED = re.compile(r"test_posture_rule_holds\[(\w+)\]")

# Roles are the server's, not one database's.
ROLES_AS_THEY_WERE = """
revoke pg_read_all_data, service_role from anon, authenticated, service_role;
alter role authenticated noreplication;
drop role if exists helper, staff
"""

Found = dict[str, tuple[Finding, ...]]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    directory = STATES / f"tests-posture-{os.getpid()}"
    with running(directory) as started:
        yield started
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("settings") / "live.toml"
    path.write_text(LIVE, encoding="utf-8")
    return load(path, VARIABLES)


@pytest.fixture
def examined(server: Server, settings: Settings) -> Iterator[Callable[..., Found]]:
    """What is found in a fresh copy of the reference database after some SQL, or a file of it, as the superuser."""
    opened: list[Database] = []

    def look(change: str | Path = "", *, tables: dict[str, str] | None = None, **told: object) -> Found:
        server.clone("posture")
        if isinstance(change, Path):
            build.apply(server.dsn(ADMIN, "posture"), change)
        elif change:
            with psycopg.connect(server.dsn(ADMIN, "posture")) as connection:
                connection.execute(change.encode())
        told = {"public_tables": (Relation.model_validate("public.provinces"),), **told}
        told["dsn"] = SecretStr(server.dsn("postgres", "posture"))
        rls = settings.rls.model_copy(update={"tables": tables if tables is not None else {}})
        mine = settings.model_copy(update={"database": settings.database.model_copy(update=told), "rls": rls})
        opened.append(Database(mine, Journal()))
        return examine(opened[-1], mine)

    yield look
    for database in opened:
        database.close()
    with psycopg.connect(server.dsn(ADMIN, "template1")) as connection:
        connection.execute(ROLES_AS_THEY_WERE)


def firing(found: Found) -> set[str]:
    return {rule for rule in GATING if found[rule]}


def test_every_rule_of_pgrls_is_judged() -> None:
    judged = [rule.id for rule in rules().values() if rule.origin == "pgrls"]
    assert sorted(judged) == sorted(rule.id for rule in all_rules())


def test_every_rule_of_our_own_is_judged_and_has_its_page() -> None:
    assert sorted(rule.id for rule in rules().values() if rule.origin == "runbook") == OWN
    for rule in OWN:
        page = query(rule)
        parts = re.findall(r"^-- (What|Why it leaks|Remedy|Source): ", page, re.MULTILINE)
        assert parts == ["What", "Why it leaks", "Remedy", "Source"], rule
        assert re.fullmatch(r"-- [A-Z][^\n]*\.", page.partition("\n")[0]), rule


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_every_judgement_says_why_in_one_sentence(rule: posture.Rule) -> None:
    assert rule.level in ("gate", "advise", "ignore")
    assert re.fullmatch(r"\w.{20,}\.", rule.why)


def test_no_gating_rule_fires_on_the_reference_system(examined: Callable[..., Found]) -> None:
    found = examined()
    assert {rule: found[rule] for rule in firing(found)} == {}
    assert found.keys() == {rule.id for rule in rules().values() if rule.level != "ignore"}


def test_every_gating_rule_has_its_defect_and_no_other_rule_has_one() -> None:
    assert sorted(path.stem.removeprefix("posture_") for path in (FOLDER / "rls").glob("posture_*.sql")) == GATING


@pytest.mark.parametrize("rule", GATING)
def test_a_gating_rule_finds_its_defect(examined: Callable[..., Found], rule: str) -> None:
    defect = read(FOLDER / "rls" / f"posture_{rule}.sql")
    declared = {match[1] for red in defect.red if (match := EXPECTED.fullmatch(red))}
    found = examined(defect.path)
    assert firing(found) == declared
    for finding in found[rule]:
        assert finding.rule == rule
        assert finding.subject
        assert re.search(r"\w[^\n]*\.?$", finding.text)
        assert "lint.rules" not in finding.text
        assert "allowlist" not in finding.text


ADVICE = {
    "privileges_beyond_rls": "grant truncate on public.sessions to authenticated",
    "sequence_can_be_set": "grant update on sequence public.audit_log_id_seq to authenticated",
    "public_bucket": "create schema storage; create table storage.buckets (id text, public boolean);"
    " insert into storage.buckets values ('a', true), ('b', false); grant usage on schema storage to postgres;"
    " grant select on storage.buckets to postgres",
    "cascade_beyond_grants": "create table public.notes ("
    " session_id uuid references public.sessions (id) on delete cascade);"
    " alter table public.notes enable row level security; revoke all on public.notes from anon, authenticated",
    "realtime_deletes": "create publication supabase_realtime for table public.sessions",
}


@pytest.mark.parametrize("rule", ADVISING)
def test_an_advising_rule_finds_what_it_is_for_and_nothing_before(examined: Callable[..., Found], rule: str) -> None:
    assert examined()[rule] == ()
    assert len(examined(ADVICE[rule])[rule]) == 1


def test_storage_without_the_table_or_the_privilege_is_no_obstacle(examined: Callable[..., Found]) -> None:
    assert examined("create schema storage")["public_bucket"] == ()
    assert examined("create schema storage; create table storage.buckets (id text)")["public_bucket"] == ()
    closed = "create schema storage; create table storage.buckets (id text, public boolean)"
    assert examined(closed)["public_bucket"] == ()


def test_names_of_every_kind_are_told_as_they_are(examined: Callable[..., Found]) -> None:
    """Quotes, letters beyond ASCII, dots and percent signs, in all that a rule names."""
    name = 'Ünicode "50%" %s %(schemas)s'
    quoted = '"' + name.replace('"', '""') + '"'
    found = examined(
        f"""
        create schema {quoted};
        grant usage on schema {quoted} to authenticated;
        create table {quoted}.{quoted} (id uuid primary key, {quoted} uuid);
        create table {quoted}.child () inherits ({quoted}.{quoted});
        alter table {quoted}.{quoted} enable row level security;
        create policy {quoted} on {quoted}.{quoted} to authenticated using ({quoted} is null or true);
        create rule {quoted} as on update to {quoted}.{quoted} do also delete from {quoted}.{quoted};
        create view {quoted}."view %" as select * from {quoted}.{quoted};
        create materialized view {quoted}."kept %" as select * from {quoted}.{quoted};
        create sequence {quoted}."numbers %";
        create table {quoted}."public %" (id uuid);
        create function {quoted}.{quoted}() returns bool language sql leakproof as 'select true';
        grant all on all tables in schema {quoted} to authenticated;
        grant all on all sequences in schema {quoted} to authenticated
        """,
        exposed_schemas=("public", name),
        public_tables=(Relation(schema_name=name, name="public %"),),
    )
    assert {rule: [finding.subject for finding in found[rule]] for rule in firing(found) if rule != "SEC049"} == {
        "SEC011": [f"{name}.{name}.{name}"],
        "SEC043": [f"{name}.child"],
        "SEC054": [f"{name}.kept %"],
        "leakproof_function": [f"{name}.{name}()"],
        "public_table_writable": [f"{name}.public %"],
        "rewrite_rule": [f"{name}.{name}.{name}"],
        "view_runs_as_owner": [f"{name}.view %"],
    }
    assert [finding.subject for finding in found["sequence_can_be_set"]] == [f"{name}.numbers %"]


@pytest.mark.parametrize(
    "change",
    [
        # It is never applied, as its only role bypasses RLS.
        "create policy p on public.sessions to service_role using (auth.uid() is null) with check (true)",
        "create policy p on public.sessions to service_role using (auth.jwt() -> 'user_metadata' ->> 'a' = 'b')",
        # What operators write, and a column that is only called so.
        "create policy p on public.sessions to authenticated using (auth.jwt() -> 'app_metadata' ->> 'a' = 'b')",
        "alter table public.sessions add user_metadata text;"
        " create policy p on public.sessions to authenticated using (user_metadata = 'kept')",
        # The views ask who is calling; in the second, a helper of the policies does.
        "create view public.mine as select * from public.event_members where user_id = auth.uid();"
        " grant select on public.mine to authenticated",
        "create view public.here as select * from public.sessions where event_id = private.current_event_id();"
        " grant select on public.here to authenticated",
        # Nobody may read the view.
        "create view public.everything as select * from public.sessions;"
        " revoke all on public.everything from anon, authenticated",
        # Public rows through a view of the owner, and rules that do nothing.
        "create view public.codes as select * from public.provinces; grant select on public.codes to anon",
        "create rule quiet as on delete to public.sessions do instead nothing",
        "create rule told as on delete to public.sessions do also notify removed",
        # Leakproof, and nobody's to call.
        "create function private.f(text) returns bool language sql immutable leakproof as 'select true';"
        " revoke execute on function private.f from public",
        # Meant to be open: declared public.
        'alter policy "everybody reads" on public.provinces using (true)',
        # The login may become service_role, and whatever that may become.
        "grant pg_read_all_data to service_role",
    ],
)
def test_a_gating_rule_is_silent_about_what_is_sound(examined: Callable[..., Found], change: str) -> None:
    assert firing(examined(change)) == set()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("create role helper bypassrls; create role staff; grant helper to staff; grant staff to anon", None),
        ("alter role authenticated replication", None),
        ("grant service_role to authenticated", None),
        (
            "create function private.f() returns uuid immutable begin atomic select auth.uid(); end;"
            " create policy p on public.sessions to authenticated using (private.f() = id)",
            "immutable_helper_reads_session",
        ),
        (
            "create policy p on public.sessions to authenticated"
            " using ((select auth.jwt()) #>> '{user_metadata,role}' = 'staff')",
            "user_metadata_in_policy",
        ),
        (
            "create policy p on public.sessions to authenticated using (id::text in (select raw_user_meta_data ->> 'id'"
            " from (select id, '{}'::jsonb as raw_user_meta_data from auth.users) as u where u.id = auth.uid()))",
            "user_metadata_in_policy",
        ),
        (
            "create view private.all_sessions as select * from public.sessions;"
            " create view public.s with (security_invoker = on) as select * from private.all_sessions;"
            " grant select on private.all_sessions, public.s to authenticated",
            "view_runs_as_owner",
        ),
        (
            "create materialized view private.kept as select * from public.sessions;"
            " create view public.s as select * from private.kept; grant select on public.s to anon",
            "view_runs_as_owner",
        ),
        (
            "create view public.s as select * from public.sessions; revoke all on public.s from anon, authenticated;"
            " grant select (id) on public.s to anon",
            "view_runs_as_owner",
        ),
        (
            'drop policy "everybody reads" on public.provinces; grant update (name) on public.provinces to anon;'
            " alter table public.provinces disable row level security",
            "public_table_writable",
        ),
    ],
)
def test_a_gating_rule_sees_round_corners(examined: Callable[..., Found], change: str, rule: str | None) -> None:
    """Through memberships, bodies in standard SQL, chains of views, single columns."""
    assert firing(examined(change)) == {rule or "api_role_reaches_power"}


def test_a_schema_that_is_not_there_leaves_every_rule_unverified(examined: Callable[..., Found]) -> None:
    with pytest.raises(Unverified, match="names what is not there: nowhere"):
        examined(exposed_schemas=("public", "nowhere"))


def test_a_rule_that_fails_leaves_every_rule_unverified_and_is_named(
    examined: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posture, "query", lambda rule: "select 1 / 0, 'x'")
    with pytest.raises(Unverified, match=r"^the posture rule api_role_reaches_power could not look: .*22012"):
        examined()


def test_an_expression_that_pgrls_cannot_read_is_not_passed_over(
    examined: Callable[..., Found], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It would be, with the expression on stderr."""

    def refuse(text: str) -> None:
        raise pglast.parser.ParseError("newer than the parser", 0)

    monkeypatch.setattr(pglast, "parse_sql", refuse)
    with pytest.raises(Unverified, match=r"cannot read the expression of the policy public\."):
        examined()
    assert capfd.readouterr().err == ""


WRITE = "with written as (insert into public.provinces values ('ID-XX', 'X') returning 1) select 'a', 'b' from written"


@pytest.mark.parametrize(
    ("module", "name", "query_or_introspection"),
    [
        (posture, "query", lambda rule: WRITE),
        (introspect, "introspect", lambda connection, schemas: connection.execute(WRITE)),
    ],
    ids=["ours", "pgrls"],
)
def test_a_query_that_writes_is_refused_by_the_server(
    examined: Callable[..., Found],
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    name: str,
    query_or_introspection: object,
) -> None:
    monkeypatch.setattr(module, name, query_or_introspection)
    with pytest.raises(Unverified, match="25006"):
        examined()


def test_looking_leaves_the_session_as_it_was(
    server: Server, settings: Settings, examined: Callable[..., Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    """pgrls changes the search path of the session that it reads with, and might not put it back."""
    introspected = introspect.introspect

    def careless(connection: psycopg.Connection, schemas: list[str]) -> object:
        schema = introspected(connection, schemas)
        connection.execute("select set_config('search_path', 'elsewhere', false)")
        return schema

    examined()
    told = settings.database.model_copy(update={"dsn": SecretStr(server.dsn("postgres", "posture"))})
    mine = settings.model_copy(update={"database": told})
    database = Database(mine, Journal())
    state = "select name, setting from pg_settings where source = 'session' or name = 'search_path' order by name"
    before = database.read(state)
    monkeypatch.setattr(introspect, "introspect", careless)
    examine(database, mine)
    assert database.read(state) == before
    database.close()


def test_what_is_declared_public_is_told_in_either_place_and_rls_tables_has_the_last_word(
    examined: Callable[..., Found],
) -> None:
    found = examined(public_tables=(), tables={"public.provinces": "public"})
    assert found["SEC049"] == ()
    found = examined(tables={"public.provinces": "service"})
    assert [finding.subject for finding in found["SEC049"]] == ["public.provinces"]
