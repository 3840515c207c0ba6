"""The snapshot of the catalogue: what is in it, that it is the same each time, and that it shows every change."""

from __future__ import annotations

import pytest

from runbook.errors import Unverified
from runbook.rls.baseline import differences
from runbook.rls.catalog import Argument, Catalog, Policy, Relation
from runbook.rls.inspection import unpacked
from runbook.settings import Settings
from stack.postgres import ADMIN, Server
from tests.rls.conftest import made
from tests.rls.systems import Make, System


def facts(catalog: Catalog) -> list[object]:
    """All that a catalogue says; a relation is equal to itself alone."""
    return [
        [[getattr(relation, name) for name in Relation.__slots__] for relation in catalog.relations.values()],
        catalog.functions,
        catalog.state,
    ]


def named(system: System, name: str) -> Relation:
    return system.catalog().by_name[name]


class TestTheSnapshot:
    def test_it_is_the_same_when_it_is_read_again(self, reference: Make) -> None:
        system = reference()
        assert facts(system.catalog()) == facts(system.catalog())

    def test_it_survives_being_handed_over(self, reference: Make) -> None:
        inspection = reference("create function public.f(a int) returns int language sql as 'select a'").inspection()
        found = unpacked(inspection.packed())
        assert facts(found.catalog) == facts(inspection.catalog)
        assert [str(item) for item in found.items] == [str(item) for item in inspection.items]
        assert found.personas == inspection.personas
        assert found.tenancy.tenures == inspection.tenancy.tenures
        assert found.tenancy.root is found.catalog.relations[found.tenancy.root.oid]
        assert len(inspection.packed()) < 100_000

    def test_the_population_is_what_is_exposed_and_what_that_leans_on_is_known(self, synthetic: Make) -> None:
        system = synthetic(
            "create schema hidden; create table hidden.a (id int primary key); create table hidden.unused (id int);"
            "create table hidden.read (id int); create table t (a int references hidden.a);"
            "create policy p on t using (exists (select from hidden.read))"
        )
        catalog = system.catalog()
        assert [str(relation) for relation in catalog.exposed] == [
            *("app.events", "app.members", "app.people", "app.t"),
        ]
        assert {"hidden.a", "hidden.read"} <= catalog.by_name.keys()
        assert "hidden.unused" not in catalog.by_name
        relation = catalog.by_name["app.t"]
        assert {str(catalog.relations[oid]) for oid in relation.reads} == {"hidden.a", "hidden.read"}

    def test_every_kind_of_relation_is_in_it_and_says_what_can_be_written(self, synthetic: Make) -> None:
        system = synthetic(
            "create table r (id int); create table p (id int) partition by list (id);"
            "create table c partition of p for values in (1); create view v as select * from r;"
            "create view w as select count(*) from r; create materialized view m as select * from r;"
            "create view deaf with (security_invoker) as select id from r where id > 1 with check option"
        )
        catalog = system.catalog()
        kinds = {str(relation): (relation.kind, set(relation.writable)) for relation in catalog.exposed}
        everything = {"select", "insert", "update", "delete"}
        assert kinds["app.r"] == ("table", everything)
        assert kinds["app.p"] == ("partitioned", everything)
        assert kinds["app.c"] == ("table", everything)
        assert kinds["app.v"] == ("view", everything)
        assert kinds["app.w"] == ("view", {"select"})
        assert kinds["app.m"] == ("materialised view", {"select"})
        assert catalog.by_name["app.c"].parent == catalog.by_name["app.p"].oid
        assert catalog.by_name["app.deaf"].security_invoker
        assert not catalog.by_name["app.v"].security_invoker

    @pytest.mark.parametrize("said", ["true", "on", "1", "yes"])
    def test_a_view_is_the_invoker_s_however_that_was_written(self, synthetic: Make, said: str) -> None:
        system = synthetic(f"create view v with (security_invoker = {said}) as select 1 as one")
        assert named(system, "app.v").security_invoker

    def test_columns_are_told_with_what_may_stand_in_them(self, synthetic: Make) -> None:
        system = synthetic(
            "create domain word as varchar(9) not null default 'x'; create domain again as word;"
            "create type mood as enum ('b', 'a');"
            "create table t (id int generated always as identity, w word, n numeric(7,2), m mood not null, a again,"
            " c char(3) default 'abc', g int generated always as (1) stored, gone int, s text[]);"
            "alter table t drop column gone"
        )
        columns = {column.name: column for column in named(system, "app.t").columns}
        assert list(columns) == ["id", "w", "n", "m", "a", "c", "g", "s"]
        assert (columns["id"].identity, columns["id"].required) == ("a", True)
        word = columns["w"]
        assert (word.declared, word.type, word.category, word.length) == ("app.word", "character varying", "S", 9)
        assert (word.required, word.default) == (True, True)
        assert (columns["a"].type, columns["a"].category, columns["a"].required) == ("character varying", "S", False)
        assert (columns["n"].type, columns["n"].length) == ("numeric", 5)
        assert (columns["m"].labels, columns["m"].category) == (("b", "a"), "E")
        assert (columns["c"].length, columns["c"].default, columns["c"].required) == (3, True, False)
        assert (columns["g"].generated, columns["s"].category) == (True, "A")

    def test_keys_and_constraints_are_told(self, synthetic: Make) -> None:
        system = synthetic(
            "create domain low as int check (value < 9);"
            "create table a (x int, y int, primary key (y, x), unique (x, y));"
            "create table t (n int unique, id int primary key, p int, q int, v low constraint odd check (v % 2 = 1),"
            " foreign key (p, q) references a (x, y));"
            "create unique index on t (p, q); create unique index on t (q) where q > 1;"
            "create unique index on t ((q + 1))"
        )
        catalog = system.catalog()
        relation = catalog.by_name["app.t"]
        assert set(relation.keys) == {("id",), ("n",), ("p", "q")}
        assert relation.keys[0] == ("id",)
        assert catalog.by_name["app.a"].keys[0] == ("y", "x")
        [key] = relation.foreign_keys
        assert (key.columns, key.referred, key.target) == (("p", "q"), ("x", "y"), catalog.by_name["app.a"].oid)
        checks = dict(relation.checks)
        assert "% 2" in checks["odd"]
        assert "v < 9" in checks["low_check"]

    def test_policies_are_told_as_postgresql_prints_them(self, synthetic: Make) -> None:
        system = synthetic(
            "create table t (id int); alter table t enable row level security;"
            'create policy "the one\'s" on t using (id = 1);'
            "create policy b on t as restrictive for update to authenticated, anon using (true) with check (id > 2);"
            "create policy c on t for insert with check (false)"
        )
        relation = named(system, "app.t")
        assert relation.rls
        assert not relation.forced
        assert set(relation.policies) == {
            Policy("the one's", "all", True, (), "(id = 1)", None),
            Policy("b", "update", False, ("anon", "authenticated"), "true", "(id > 2)"),
            Policy("c", "insert", True, (), None, "false"),
        }

    def test_a_policy_without_a_check_admits_what_its_using_does(self) -> None:
        whole = Policy("p", "all", True, (), "using", "check")
        assert [whole.admits(command) for command in ("select", "insert", "update")] == ["using", "check", "using"]
        assert Policy("p", "all", True, (), "using", None).admits("insert") == "using"
        assert Policy("p", "insert", True, (), None, "check").admits("insert") == "check"

    def test_a_policy_governs_its_own_command_or_all(self) -> None:
        assert Policy("p", "all", True, (), None, None).governs("delete")
        assert Policy("p", "delete", True, (), None, None).governs("delete")
        assert not Policy("p", "insert", True, (), None, None).governs("delete")

    def test_triggers_and_rules_are_told(self, synthetic: Make) -> None:
        system = synthetic(
            "create table t (id int); create function f() returns trigger language plpgsql as 'begin return new; end';"
            "create trigger g before insert on t for each row execute function f();"
            "create rule r as on delete to t do instead nothing"
        )
        relation = named(system, "app.t")
        assert (relation.triggers, relation.rules) == (("g",), ("delete",))

    def test_a_view_reads_what_the_views_below_it_read(self, synthetic: Make) -> None:
        system = synthetic(
            "create schema hidden; create table hidden.t (id int); create view hidden.one as select * from hidden.t;"
            "create view two as select * from hidden.one; create view three as select title from two, events"
        )
        catalog = system.catalog()
        reads = {
            str(relation): {str(catalog.relations[oid]) for oid in relation.reads}
            for relation in catalog.relations.values()
            if relation.kind == "view"
        }
        assert reads == {
            "hidden.one": {"hidden.t"},
            "app.two": {"hidden.one"},
            "app.three": {"app.two", "app.events"},
        }


class TestPrivileges:
    def test_they_are_told_by_role_and_column(self, synthetic: Make) -> None:
        system = synthetic(
            "create table t (a int, b int, c int); grant select on t to anon; grant delete on t to authenticated;"
            "grant select (c, a), update (b) on t to authenticated"
        )
        relation = named(system, "app.t")
        assert relation.granted == {
            "anon": {"select": ("*",)},
            "authenticated": {"select": ("a", "c"), "update": ("b",), "delete": ("*",)},
        }
        assert relation.columns_for("anon", "select") == {"a", "b", "c"}
        assert relation.columns_for("authenticated", "select") == {"a", "c"}
        assert relation.columns_for("authenticated", "insert") == frozenset()
        assert relation.may("authenticated", "update")
        assert not relation.may("anon", "update")

    def test_what_is_granted_to_everybody_or_by_ownership_counts(self, synthetic: Make) -> None:
        system = synthetic("create table t (a int); grant insert on t to public; create table u (a int)")
        system.run("alter table app.u owner to authenticated", role=ADMIN)
        relation = named(system, "app.t")
        assert relation.may("anon", "insert")
        assert relation.may("authenticated", "insert")
        assert named(system, "app.u").may("authenticated", "delete")

    def test_in_a_schema_without_usage_nothing_is_granted(self, synthetic: Make) -> None:
        system = synthetic("create table t (a int); grant all on t to anon; revoke usage on schema app from anon")
        assert not named(system, "app.t").may("anon", "select")


class TestFunctions:
    def test_arguments_are_told_in_the_order_of_the_call(self, synthetic: Make) -> None:
        system = synthetic(
            "create type mood as enum ('sad', 'happy'); create domain word as text;"
            "create function f(p_id uuid, n int, m mood default 'sad', variadic more text[] default '{}')"
            " returns table (x int, y text) language sql stable security definer as 'select 1, null::text'"
        )
        [function] = system.catalog().functions
        assert str(function) == "app.f(p_id uuid, n integer, m app.mood, VARIADIC more text[])"
        assert function.arguments == (
            Argument("p_id", "uuid", "U", (), False),
            Argument("n", "integer", "N", (), False),
            Argument("m", "app.mood", "E", ("sad", "happy"), True),
            Argument("more", "text[]", "A", (), True),
        )
        assert (function.security_definer, function.volatility) == (True, "stable")
        assert function.returns == "TABLE(x integer, y text)"
        assert function.roles == ("anon", "authenticated")
        assert "select 1" in function.body

    def test_out_arguments_are_none_of_the_call_s_and_names_may_be_missing(self, synthetic: Make) -> None:
        system = synthetic("create function f(int, out x int, out y text) language sql as 'select 1, null::text'")
        [function] = system.catalog().functions
        assert [(argument.name, argument.type) for argument in function.arguments] == [("", "integer")]

    def test_who_may_execute_one_is_told(self, synthetic: Make) -> None:
        system = synthetic(
            "create function f() returns int language sql as 'select 1'; revoke execute on function f from public;"
            "grant execute on function f to authenticated, service_role;"
            "create function g() returns int language sql as 'select 1'; revoke execute on function g from public"
        )
        assert {function.name: function.roles for function in system.catalog().functions} == {
            "f": ("authenticated",),
            "g": (),
        }

    def test_triggers_aggregates_and_procedures_are_not_called(self, synthetic: Make) -> None:
        system = synthetic(
            "create function f() returns trigger language plpgsql as 'begin return new; end';"
            "create procedure p() language sql as 'select 1';"
            "create aggregate a(int) (sfunc = int4pl, stype = int)"
        )
        assert system.catalog().functions == ()

    def test_a_body_in_the_standard_s_words_is_told_too(self, synthetic: Make) -> None:
        system = synthetic("create function f() returns bigint language sql return (select count(*) from app.events)")
        [function] = system.catalog().functions
        assert "events" in function.body


class TestNames:
    @pytest.mark.parametrize("name", ['the "one"', "a.b", "50%", "%s", "活動", "🎓", "it's", "two\nlines"])
    def test_relations_columns_policies_and_functions_of_any_name_are_read(self, synthetic: Make, name: str) -> None:
        quoted = '"' + name.replace('"', '""') + '"'
        system = synthetic(
            f"create table {quoted} ({quoted} int primary key check ({quoted} > 1));"
            f"alter table {quoted} enable row level security; grant select ({quoted}) on {quoted} to anon;"
            f"create policy {quoted} on {quoted} using ({quoted} > 0);"
            f"create function {quoted}({quoted} int) returns int language sql as 'select 1'"
        )
        catalog = system.catalog()
        relation = catalog.by_name[f"app.{name}"]
        assert [column.name for column in relation.columns] == [name]
        assert relation.keys == ((name,),)
        assert [policy.name for policy in relation.policies] == [name]
        assert relation.granted["anon"]["select"] in (("*",), (name,))
        [function] = catalog.functions
        assert (function.name, function.arguments[0].name) == (name, name)
        assert f"app.{name}: {name}" in catalog.state["policies"]


class TestChanges:
    """Each shows in the kind of state that it is of, by name, and in no other."""

    BEFORE = (
        "create table t (id int); alter table t enable row level security; create policy p on t using (id = 1);"
        "grant select on t to anon; create view v with (security_invoker) as select * from t;"
        "create function f() returns int language sql as 'select 1';"
        "create function private.helper() returns boolean language sql as 'select true';"
        "create policy h on t for delete using (private.helper())"
    )

    @pytest.mark.parametrize(
        ("change", "kind", "difference"),
        [
            ("alter policy p on t using (id = 2)", "policies", ["changed: app.t: p"]),
            ("alter policy p on t to anon", "policies", ["changed: app.t: p"]),
            ("alter policy p on t rename to q", "policies", ["new: app.t: q", "gone: app.t: p"]),
            ("create policy q on t as restrictive using (true)", "policies", ["new: app.t: q"]),
            ("drop policy p on t", "policies", ["gone: app.t: p"]),
            ("grant insert on t to anon", "grants", ["changed: app.t: anon"]),
            ("grant update (id) on t to authenticated", "grants", ["new: app.t: authenticated"]),
            ("grant truncate on t to public", "grants", ["new: app.t: public"]),
            ("revoke select on t from anon", "grants", ["gone: app.t: anon"]),
            ("grant create on schema app to anon", "grants", ["changed: schema app: anon"]),
            ("alter table t disable row level security", "relations", ["changed: app.t"]),
            ("alter table t force row level security", "relations", ["changed: app.t"]),
            ("alter table t add unique (id)", "relations", ["changed: app.t"]),
            ("create table u (id int)", "relations", ["new: app.u"]),
            ("drop view v", "relations", ["gone: app.v"]),
            ("alter view v reset (security_invoker)", "relations", ["changed: app.v"]),
            (
                "create or replace view v with (security_invoker) as select * from t where id > 1",
                "relations",
                ["changed: app.v"],
            ),
            (
                "create or replace function f() returns int language sql as 'select 2'",
                "functions",
                ["changed: app.f()"],
            ),
            ("alter function f() security definer", "functions", ["changed: app.f()"]),
            ("alter function f() set search_path = ''", "functions", ["changed: app.f()"]),
            ("revoke execute on function f() from public", "functions", ["changed: app.f()"]),
            ("create procedure q() language sql as 'select 1'", "functions", ["new: app.q()"]),
            (
                "create or replace function private.helper() returns boolean language sql as 'select false'",
                "functions",
                ["changed: private.helper()"],
            ),
        ],
    )
    def test_one_shows_by_its_name_and_nowhere_else(
        self, synthetic: Make, change: str, kind: str, difference: list[str]
    ) -> None:
        system = synthetic(self.BEFORE)
        before = system.catalog().state
        system.run(change)
        after = system.catalog().state
        found = {kind: differences(before[kind], after[kind]) for kind in before}
        assert {kind: names for kind, names in found.items() if names} == {kind: difference}

    def test_a_trigger_shows_and_its_being_switched_off_too(self, synthetic: Make) -> None:
        body = "create function g() returns trigger language plpgsql as 'begin return new; end'"
        system = synthetic(f"{self.BEFORE}; {body}")
        seen = [system.catalog().state["relations"]["app.t"]]
        for change in (
            "create trigger g before insert on t for each row execute function g()",
            "alter table t disable trigger g",
        ):
            system.run(change)
            seen.append(system.catalog().state["relations"]["app.t"])
        assert len(set(seen)) == 3

    @pytest.mark.parametrize(
        ("change", "undo", "name"),
        [
            ("alter role anon bypassrls", "alter role anon nobypassrls", "anon"),
            ("grant service_role to authenticated", "revoke service_role from authenticated", "authenticated"),
            ("alter role authenticator inherit", "alter role authenticator noinherit", "authenticator"),
        ],
    )
    def test_a_role_s_power_shows(self, synthetic: Make, change: str, undo: str, name: str) -> None:
        system = synthetic()
        before = system.catalog().state
        system.run(change, role=ADMIN)
        try:
            after = system.catalog().state
        finally:
            system.run(undo, role=ADMIN)
        assert differences(before["roles"], after["roles"]) == [f"changed: {name}"]
        assert {kind for kind in before if before[kind] != after[kind]} == {"roles"}

    @pytest.mark.parametrize(
        "change",
        [
            "insert into app.events values (gen_random_uuid(), 'x')",
            "analyze",
            "comment on table t is 'x'",
            "create schema elsewhere; create table elsewhere.t (id int)",
            "create index on t (id)",
        ],
    )
    def test_what_opens_nothing_changes_nothing(self, synthetic: Make, change: str) -> None:
        system = synthetic(self.BEFORE)
        before = system.catalog().state
        system.run(change)
        assert system.catalog().state == before


class TestWithoutAnythingToProve:
    def test_no_relation_at_all_leaves_it_unverified(self, server: Server, live: Settings) -> None:
        with made(server, live, "empty") as system:
            for base in ("create schema app", ""):
                with pytest.raises(Unverified, match="nothing is exposed in app"):
                    system(schema="app", base=base).inspection()

    @pytest.mark.parametrize("key", ["anonymous_role", "signed_in_role", "service_role"])
    def test_a_role_that_is_not_there_leaves_it_unverified_and_is_named(
        self, server: Server, live: Settings, key: str
    ) -> None:
        other = live.model_copy(update={"database": live.database.model_copy(update={key: "no such role"})})
        with made(server, other, "roleless") as system, pytest.raises(Unverified, match="has no role no such role"):
            system(schema="public").inspection()

    def test_storage_is_looked_at_where_it_is_there_and_its_functions_are_not(self, synthetic: Make) -> None:
        system = synthetic(
            "create schema storage; create table storage.objects (id int);"
            "create function storage.f() returns int language sql as 'select 1'"
        )
        catalog = system.catalog()
        assert "storage.objects" in [str(relation) for relation in catalog.exposed]
        assert catalog.functions == ()


class TestMembershipRoles:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ("", ["lead", "guest"]),
            ("alter table members drop constraint members_role_check", ["member"]),
            (
                "alter table members drop constraint members_role_check;"
                "insert into events values ('00000000-0000-0000-0000-000000000001');"
                "insert into people select gen_random_uuid() from generate_series(1, 3);"
                "insert into members select e.id, p.id, case when row_number() over () = 1 then 'x' else 'y' end"
                " from events as e, people as p",
                ["y", "x"],
            ),
            ("alter table members drop column role", ["member"]),
        ],
        ids=["those that may be", "none is there", "those that are there", "no column"],
    )
    def test_there_is_a_member_by_each(self, synthetic: Make, change: str, expected: list[str]) -> None:
        people = [persona.name for persona in synthetic(change).inspection().personas]
        assert people == ["anonymous", "outsider", *expected, "both"]

    def test_there_is_a_former_one_where_memberships_can_end(self, synthetic: Make) -> None:
        people = synthetic("alter table members add column left_at timestamptz").inspection().personas
        assert "former" in [persona.name for persona in people]
