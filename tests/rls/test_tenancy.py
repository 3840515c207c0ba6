"""To which event, or to whom, a table's rows belong: by the foreign keys that there are, or as the settings say."""

from __future__ import annotations

import pytest

from runbook.errors import Unverified
from runbook.rls.catalog import Catalog
from runbook.rls.tenancy import Tenancy, Tenure
from tests.rls.systems import Make, System

EVENT = "event_id uuid not null references events"


def tenure(system: System, name: str, tenancy: Tenancy | None = None) -> Tenure:
    return (tenancy or system.tenancy()).of(system.catalog().by_name[name])


def way(catalog: Catalog, found: Tenure) -> str:
    """The columns and tables that lead to the end: `a_id > b, event_id > events`."""
    return ", ".join(f"{' '.join(key.columns)} > {catalog.relations[key.target].name}" for key in found.path)


class TestTheWayToTheEvent:
    @pytest.mark.parametrize(
        ("tables", "expected"),
        [
            (f"create table t (id int, {EVENT})", "event_id > events"),
            ("create table t (id int, happening uuid references events)", "happening > events"),
            (
                f"create table a (id int primary key, {EVENT}); create table t (a_id int references a)",
                "a_id > a, event_id > events",
            ),
            (
                f"create table a (id int primary key, {EVENT});"
                "create table b (id int primary key, a_id int references a); create table t (b_id int references b)",
                "b_id > b, a_id > a, event_id > events",
            ),
        ],
        ids=["a column", "a column of any name", "over one table", "over two tables"],
    )
    def test_it_is_found_over_any_number_of_tables(self, synthetic: Make, tables: str, expected: str) -> None:
        system = synthetic(tables)
        found = tenure(system, "app.t")
        assert found.belonging == "event"
        assert way(system.catalog(), found) == expected
        assert found.stamp == (expected.split(" > ")[0],)

    def test_the_shortest_is_taken_even_where_a_longer_one_cannot_be_null(self, synthetic: Make) -> None:
        system = synthetic(
            f"create table a (id int primary key, {EVENT});"
            "create table t (a_id int not null references a, happening uuid references events)"
        )
        found = tenure(system, "app.t")
        assert way(system.catalog(), found) == "happening > events"
        assert [key.columns for key in found.others] == []

    def test_of_two_that_are_as_short_one_that_no_row_can_do_without_is_taken_and_the_other_is_kept(
        self, synthetic: Make
    ) -> None:
        system = synthetic(
            f"create table a (id int primary key, {EVENT}); create table b (id int primary key, {EVENT});"
            "create table t (a_id int references a, b_id int not null references b)"
        )
        found = tenure(system, "app.t")
        assert way(system.catalog(), found) == "b_id > b, event_id > events"
        assert [key.columns for key in found.others] == [("a_id",)]

    def test_a_composite_key_comes_after_a_plain_one(self, synthetic: Make) -> None:
        system = synthetic(
            f"create table a (id int primary key, {EVENT}, unique (event_id, id));"
            f"create table t ({EVENT}, a_id int not null, foreign key (event_id, a_id) references a (event_id, id));"
            f"create table u (event_id uuid not null, a_id int not null,"
            " foreign key (event_id, a_id) references a (event_id, id))"
        )
        assert tenure(system, "app.t").stamp == ("event_id",)
        found = tenure(system, "app.u")
        assert found.stamp == ("event_id", "a_id")
        assert found.path[0].referred == ("event_id", "id")
        assert way(system.catalog(), found) == "event_id a_id > a, event_id > events"

    def test_a_cycle_and_a_table_that_refers_to_itself_are_left_behind(self, synthetic: Make) -> None:
        system = synthetic(
            f"create table a (id int primary key, {EVENT}, b_id int);"
            "create table b (id int primary key, a_id int not null references a, up int references b);"
            "alter table a add foreign key (b_id) references b;"
            "create table x (id int primary key, y_id int); create table y (id int primary key, x_id int references x);"
            "alter table x add foreign key (y_id) references y;"
            "alter table events add column first_a int references a"
        )
        tenancy, catalog = system.tenancy(), system.catalog()
        assert way(catalog, tenure(system, "app.a", tenancy)) == "event_id > events"
        assert way(catalog, tenure(system, "app.b", tenancy)) == "a_id > a, event_id > events"
        assert tenure(system, "app.x", tenancy).belonging == "undecided"
        assert tenure(system, "app.y", tenancy).belonging == "undecided"
        assert tenure(system, "app.events", tenancy) == Tenure("root")

    def test_a_way_over_the_members_leads_there_too(self, synthetic: Make) -> None:
        system = synthetic(
            "create table t (id int, e uuid not null, u uuid not null, foreign key (e, u) references members)"
        )
        found = tenure(system, "app.t")
        assert found.belonging == "event"
        assert way(system.catalog(), found) == "e u > members, event_id > events"

    def test_a_column_named_as_the_members_name_it_needs_no_foreign_key_but_the_same_type(
        self, synthetic: Make
    ) -> None:
        system = synthetic(
            "create table log (id int, event_id uuid); create table other (id int, event_id text);"
            "create domain key as uuid; create table domained (event_id key); create table t (event uuid)"
        )
        found = tenure(system, "app.log")
        assert (found.belonging, found.stamp) == ("event", ("event_id",))
        assert found.path[0].referred == ("id",)
        assert tenure(system, "app.domained").stamp == ("event_id",)
        assert tenure(system, "app.other").belonging == "undecided"
        assert tenure(system, "app.t").belonging == "undecided"

    def test_names_with_quotes_dots_and_letters_of_any_script_are_names(self, synthetic: Make) -> None:
        system = synthetic(
            'create table "Größe.活動" ("the ""key""" int primary key, "id der Veranstaltung" uuid references events);'
            'create table "50% ""off""" ("größe.id" int references "Größe.活動")'
        )
        found = tenure(system, 'app.50% "off"')
        assert found.belonging == "event"
        assert way(system.catalog(), found) == "größe.id > Größe.活動, id der Veranstaltung > events"


class TestPartitions:
    def test_one_belongs_as_its_parent_does_by_its_own_keys(self, synthetic: Make) -> None:
        system = synthetic(
            f"create table t (id int, {EVENT}) partition by range (id);"
            "create table t1 partition of t for values from (1) to (9) partition by range (id);"
            "create table t2 partition of t1 for values from (1) to (5)"
        )
        for name in ("app.t", "app.t1", "app.t2"):
            found = tenure(system, name)
            assert (name, found.belonging, found.stamp) == (name, "event", ("event_id",))

    def test_a_child_without_keys_of_its_own_belongs_as_its_parent_does(self, synthetic: Make) -> None:
        system = synthetic(
            "create table a (id int, happening uuid references events); create table child () inherits (a);"
            "create table grandchild () inherits (child);"
            "create table alone (id int); create table c2 () inherits (alone)"
        )
        for name in ("app.child", "app.grandchild"):
            found = tenure(system, name)
            assert (name, found.belonging, found.stamp) == (name, "event", ("happening",))
        assert tenure(system, "app.c2").belonging == "undecided"


class TestOwnersAndOthers:
    def test_what_leads_to_a_person_and_to_no_event_is_the_person_s(self, synthetic: Make) -> None:
        system = synthetic(
            "create table profiles (id uuid primary key references people, name text);"
            "create table photos (id int, profile uuid references profiles);"
            f"create table t ({EVENT}, writer uuid references people)"
        )
        assert tenure(system, "app.profiles").belonging == "owner"
        found = tenure(system, "app.photos")
        assert found.belonging == "owner"
        assert way(system.catalog(), found) == "profile > profiles, id > people"
        assert tenure(system, "app.t").belonging == "event"

    def test_the_columns_that_hold_a_person_are_known(self, synthetic: Make) -> None:
        system = synthetic(
            f"create table t (b uuid references people, {EVENT}, a uuid references people, user_id uuid)"
        )
        tenancy = system.tenancy()
        assert tenancy.user_columns(system.catalog().by_name["app.t"]) == ("b", "a")
        assert tenancy.user_columns(system.catalog().by_name["app.members"]) == ("user_id",)

    def test_without_a_table_of_people_a_person_is_known_by_the_members_name_for_one(self, synthetic: Make) -> None:
        system = synthetic(
            "alter table members drop constraint members_user_id_fkey;"
            f"create table t ({EVENT}, user_id uuid); create table mine (user_id uuid)"
        )
        tenancy = system.tenancy()
        assert tenancy.users is None
        assert tenancy.user_columns(system.catalog().by_name["app.t"]) == ("user_id",)
        assert tenure(system, "app.mine").belonging == "undecided"

    def test_what_leads_nowhere_is_undecided_and_a_view_need_not_be_decided(self, synthetic: Make) -> None:
        system = synthetic("create table t (id int); create view v as select * from t")
        tenancy = system.tenancy()
        assert tenure(system, "app.t", tenancy) == Tenure("undecided")
        assert system.catalog().by_name["app.v"].oid not in tenancy.tenures

    def test_the_members_belong_by_the_column_that_the_settings_name(self, synthetic: Make) -> None:
        system = synthetic("alter table members add column invited_to uuid references events")
        found = tenure(system, "app.members")
        assert (found.belonging, found.stamp) == ("membership", ("event_id",))

    def test_members_without_a_foreign_key_belong_all_the_same(self, synthetic: Make) -> None:
        system = synthetic("alter table members drop constraint members_event_id_fkey")
        found = tenure(system, "app.members")
        assert (found.belonging, found.stamp, found.path[0].referred) == ("membership", ("event_id",), ("id",))


class TestTheMembersRole:
    @pytest.mark.parametrize(
        ("change", "role"),
        [
            ("", "role"),
            ("create type rank as enum ('a', 'b'); alter table members drop column role, add column r rank", "r"),
            ("create type rank as enum ('a', 'b'); alter table members add column r rank", None),
            ("alter table members drop column role, add column level text", None),
        ],
    )
    def test_it_is_the_one_column_that_is_called_so_or_has_labels(
        self, synthetic: Make, change: str, role: str | None
    ) -> None:
        assert synthetic(change).tenancy().member_role == role


class TestWhatTheSettingsSay:
    TABLES = f"create table t (id int, {EVENT}, e2 uuid, who uuid)"

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("public", ("public", ())),
            ("service", ("service", ())),
            ("event via e2", ("event", ("e2",))),
            ("owner via who", ("owner", ("who",))),
        ],
    )
    def test_it_comes_before_what_is_inferred(
        self, synthetic: Make, said: str, expected: tuple[str, tuple[str, ...]]
    ) -> None:
        system = synthetic(self.TABLES, tables={"app.t": said})
        found = tenure(system, "app.t")
        assert (found.belonging, found.stamp) == expected

    def test_of_what_is_no_column_nothing_is_proved(self, synthetic: Make) -> None:
        for said in ("event via nothing", "owner via nothing"):
            with pytest.raises(Unverified, match=r"app\.t has no column"):
                synthetic(self.TABLES, tables={"app.t": said}).tenancy()

    def test_of_a_table_that_is_not_there_nothing_is_proved(self, synthetic: Make) -> None:
        with pytest.raises(Unverified, match=r"app\.nothing, which is not in the exposed schemas"):
            synthetic(self.TABLES, tables={"app.t": "public", "app.nothing": "public"}).tenancy()

    def test_an_owner_needs_a_table_of_people(self, synthetic: Make) -> None:
        change = f"{self.TABLES}; alter table members drop constraint members_user_id_fkey"
        with pytest.raises(Unverified, match="no table of people"):
            synthetic(change, tables={"app.t": "owner via who"}).tenancy()

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ("drop table members", "tenancy.membership.table names app.members, which is no table"),
            ("drop table events cascade", "tenancy.root names app.events, which is no table"),
            (
                "drop table members; create view members as select null::uuid as event_id, null::uuid as user_id",
                "tenancy.membership.table names app.members, which is no table",
            ),
            ("alter table members rename user_id to person", "app.members has no column user_id"),
            ("alter table members rename event_id to event", "app.members has no column event_id"),
            ("alter table events rename id to key", "app.events has no column id"),
        ],
    )
    def test_without_its_own_tables_and_columns_nothing_is_proved(
        self, synthetic: Make, change: str, told: str
    ) -> None:
        with pytest.raises(Unverified) as raised:
            synthetic(change).tenancy()
        assert told in str(raised.value)


def test_the_reference_system_belongs_as_its_migrations_say(reference: Make) -> None:
    system = reference()
    tenancy = system.tenancy()
    assert {name: tenure(system, name, tenancy).belonging for name in sorted(system.catalog().by_name)} == {
        "auth.users": "undecided",
        "public.attendance": "event",
        "public.audit_log": "event",
        "public.decision_summary": "undecided",
        "public.enrollments": "event",
        "public.event_members": "membership",
        "public.event_roster": "undecided",
        "public.events": "root",
        "public.graduation_decisions": "event",
        "public.participants": "event",
        "public.provinces": "public",
        "public.sessions": "event",
    }
    assert (tenancy.member_role, str(tenancy.users)) == ("role", "auth.users")
