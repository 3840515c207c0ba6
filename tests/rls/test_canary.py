"""Canary rows: who and what stands where, in what order, and that nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from runbook.rls.canary import Canaries, CannotPlace
from runbook.rls.catalog import Relation
from runbook.rls.inspection import Inspection, Probing
from runbook.rls.session import Reply, Session, quoted
from runbook.rls.world import SIDES, World, name_of
from stack.postgres import ADMIN
from tests.rls.systems import Make, System

MOST_SUBTRANSACTIONS = 64
"""As many PostgreSQL keeps in memory for each session; with more, everybody else's snapshots get slow."""

LOGINS = ["postgres", ADMIN]
"""One that may not switch triggers and foreign keys off, and one that may."""

# Much that is refused at first: each try is a subtransaction.
CONSTRAINED = "".join(
    f"create table c{number} (id int generated always as identity primary key, k serial,"
    " event_id uuid not null references events, n int not null check (n between 1 and 5),"
    " day date not null check (day <= '2020-01-01'), word text not null check (word ~ '^[a-z]+$'),"
    " mail text not null check (mail like '%@%'), kind text not null check (kind in ('a', 'b', 'c')));"
    for number in range(6)
)


class Counting(Session):
    """Knows how many subtransactions there were at most after a statement that succeeded."""

    most = 0
    COUNT = """
        select pg_stat_clear_snapshot(); select s.subxact_count
        from pg_stat_get_backend_idset() as id, lateral pg_stat_get_backend_subxact(id) as s
        where pg_stat_get_backend_pid(id) = pg_backend_pid()
    """

    def ask(self, sql: str) -> Reply:
        reply = super().ask(sql)
        if reply.ok:
            self.most = max(self.most, int(super().ask(self.COUNT).value or 0))
        return reply


class Placed:
    """Canaries of both events in every table that some relations need."""

    def __init__(self, system: System, inspection: Inspection, session: Session, *names: str) -> None:
        self.inspection = inspection
        self.session = session
        self.canaries = Canaries(inspection.catalog, inspection.tenancy, inspection.personas)
        self.world: World = self.canaries.world()
        targets = [inspection.catalog.by_name[name] for name in names]
        self.tables = self.canaries.needed(targets)
        session.ask("set constraints all immediate")
        for target in targets:
            variants = self.canaries.variants(target)
        self.variants = variants
        self.canaries.place(session, self.world, [(table, side) for table in self.tables for side in SIDES], variants)


def everything(system: System) -> list[tuple[object, ...]]:
    """Every row of every table, with its place and version, and where every sequence stands."""
    with psycopg.connect(system.server.dsn(ADMIN, system.name), autocommit=True) as connection:
        names = connection.execute(
            "select n.nspname, c.relname, c.relkind = 'S' from pg_class as c join pg_namespace as n"
            " on n.oid = c.relnamespace where c.relkind in ('r', 'S')"
            " and n.nspname in ('public', 'auth', 'app') order by 1, 2"
        ).fetchall()
        found: list[tuple[object, ...]] = []
        for schema, name, sequence in names:
            shown = "last_value, is_called" if sequence else "t.*, t.ctid, t.xmin, t.xmax"
            digest = SQL(
                "select md5(string_agg(row::text, '|' order by row::text)) from (select ROW({}) as row from {} as t)"
            )
            rows = connection.execute(digest.format(SQL(shown), Identifier(schema, name))).fetchone()
            found.append((schema, name, *(rows or ())))
        return found


@pytest.fixture(params=LOGINS)
def login(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def probing(system: System) -> Iterator[tuple[Relation, tuple[str, ...]]]:
    inspection = system.inspection()
    probing = Probing(system.database, system.settings, inspection)
    for item in inspection.catalog.exposed:
        yield item, tuple(cell.kind for cell in probing.cells(item))


class TestNothingStays:
    def test_of_what_is_put_into_the_reference_system_s_tables(self, reference: Make, login: str) -> None:
        system = reference(login=login)
        before = everything(system)
        kinds = dict(probing(system))
        assert all("blind" not in found for found in kinds.values())
        # A decision that is tried has the system's own trigger write to the log, which draws a number.
        drawn = ("public", "audit_log_id_seq")
        after = everything(system)
        assert len(before) > 10
        assert [row for row in after if row[:2] != drawn] == [row for row in before if row[:2] != drawn]

    def test_of_what_is_put_into_tables_with_sequences_that_refuse_much(self, synthetic: Make, login: str) -> None:
        system = synthetic(CONSTRAINED, login=login)
        before = everything(system)
        inspection = system.inspection()
        with system.database.transaction() as cursor:
            placed = Placed(system, inspection, Session(cursor), *(f"app.c{number}" for number in range(6)))
            assert placed.session.ask("select from app.c5").rows >= 2 * placed.variants
        assert everything(system) == before
        assert len([row for row in before if str(row[1]).endswith("_seq")]) >= 12

    def test_of_what_could_not_be_put(self, synthetic: Make, login: str) -> None:
        system = synthetic(
            "create table t (id serial primary key, event_id uuid not null references events, v int check (v <> v))",
            login=login,
        )
        system.run("alter table app.t alter column v set not null")
        before = everything(system)
        with pytest.raises(CannotPlace), system.database.transaction() as cursor:
            Placed(system, system.inspection(), Session(cursor), "app.t")
        assert everything(system) == before


class TestSubtransactions:
    def test_there_are_few_however_much_is_refused(self, synthetic: Make, login: str) -> None:
        system = synthetic(CONSTRAINED, login=login)
        inspection = system.inspection()
        for number in range(6):
            with system.database.transaction() as cursor:
                session = Counting(cursor)
                Placed(system, inspection, session, f"app.c{number}")
                assert 0 < session.most < MOST_SUBTRANSACTIONS

    def test_there_are_few_in_a_whole_probe(self, reference: Make, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
        system = reference(login=login)
        inspection = system.inspection()
        sessions: list[Counting] = []

        class Kept(Counting):
            def __init__(self, *given: object) -> None:
                super().__init__(*given)  # type: ignore[arg-type]
                sessions.append(self)

        for module in ("probe", "functions"):
            monkeypatch.setattr(f"runbook.rls.{module}.Session", Kept)
        found = Probing(system.database, system.settings, inspection)
        for name in ("public.attendance", "public.enrollments", "public.event_roster"):
            found.cells(inspection.catalog.by_name[name])
        assert sessions
        assert 0 < max(session.most for session in sessions) < MOST_SUBTRANSACTIONS


class TestWithoutThePermissionToSwitchTriggersOff:
    def test_it_is_known_who_has_it(self, synthetic: Make, login: str) -> None:
        system = synthetic("create table t (event_id uuid not null references events)", login=login)
        with system.database.transaction() as cursor:
            placed = Placed(system, system.inspection(), Session(cursor), "app.t")
            assert placed.canaries.quiet == (login == ADMIN)
            # Afterwards all triggers and foreign keys are on again.
            assert placed.session.ask("show session_replication_role").value == "origin"
            assert placed.session.ask("insert into app.t values (gen_random_uuid())").sqlstate == "23503"

    def test_a_trigger_that_refuses_is_no_obstacle_for_who_has_it_and_told_for_who_has_not(
        self, synthetic: Make, login: str
    ) -> None:
        system = synthetic(
            "create table t (event_id uuid not null references events);"
            "create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;"
            "create trigger no before insert on t for each row execute function no()",
            login=login,
        )
        with system.database.transaction() as cursor:
            if login == ADMIN:
                assert Placed(system, system.inspection(), Session(cursor), "app.t").world.rows
            else:
                with pytest.raises(CannotPlace, match=r"app\.t: P0001"):
                    Placed(system, system.inspection(), Session(cursor), "app.t")

    def test_every_reference_holds_either_way(self, reference: Make, login: str) -> None:
        system = reference(login=login)
        inspection = system.inspection()
        tables = [relation for relation in inspection.catalog.exposed if relation.is_table]
        with system.database.transaction() as cursor:
            placed = Placed(system, inspection, Session(cursor), *map(str, tables))
            for table in tables:
                for key in table.foreign_keys:
                    parent = inspection.catalog.relations[key.target]
                    pairs = zip(key.columns, key.referred, strict=True)
                    same = " and ".join(f"p.{quoted(theirs)} = t.{quoted(ours)}" for ours, theirs in pairs)
                    there = " and ".join(f"t.{quoted(ours)} is not null" for ours in key.columns)
                    dangling = (
                        f"select from {name_of(table)} as t where {there}"
                        f" and not exists (select from {name_of(parent)} as p where {same})"
                    )
                    assert placed.session.ask(dangling).rows == 0, f"{table} {key.name}"


class TestWhatIsNeeded:
    def names(self, system: System, *targets: str) -> list[str]:
        inspection = system.inspection()
        canaries = Canaries(inspection.catalog, inspection.tenancy, inspection.personas)
        return [str(table) for table in canaries.needed([inspection.catalog.by_name[name] for name in targets])]

    def test_what_is_referred_to_stands_before_what_refers_to_it(self, reference: Make) -> None:
        found = self.names(reference(), "public.attendance")
        assert found == sorted(set(found), key=found.index)
        order = ["auth.users", "public.events", "public.event_members"]
        assert [name for name in found if name in order] == order
        for parent, child in (
            ("public.events", "public.participants"),
            ("public.participants", "public.enrollments"),
            ("public.enrollments", "public.attendance"),
            ("public.sessions", "public.attendance"),
        ):
            assert found.index(parent) < found.index(child)
        assert "public.graduation_decisions" not in found

    def test_a_view_needs_what_it_reads_over_other_views(self, reference: Make) -> None:
        system = reference("create view public.over with (security_invoker) as select * from public.event_roster")
        assert {"public.participants", "public.enrollments"} <= set(self.names(system, "public.over"))
        assert "public.over" not in self.names(system, "public.over")

    def test_a_table_needs_what_its_policies_read(self, synthetic: Make) -> None:
        system = synthetic(
            "create table a (id int primary key); create table b (id int primary key, a_id int references a);"
            "create table t (event_id uuid references events);"
            "create policy p on t using (exists (select from b))"
        )
        found = self.names(system, "app.t")
        assert found.index("app.a") < found.index("app.b")
        assert "app.t" in found

    def test_a_cycle_ends(self, synthetic: Make) -> None:
        system = synthetic(
            "create table a (id int primary key, b_id int, event_id uuid references events);"
            "create table b (id int primary key, a_id int references a, up int references b);"
            "alter table a add foreign key (b_id) references b;"
            "create policy p on a using (exists (select from b)); create policy p on b using (exists (select from a))"
        )
        assert {"app.a", "app.b"} <= set(self.names(system, "app.a"))

    def test_what_refers_to_a_table_is_found_over_others(self, reference: Make) -> None:
        inspection = reference().inspection()
        by_name = inspection.catalog.by_name
        canaries = Canaries(inspection.catalog, inspection.tenancy, inspection.personas)
        tables = canaries.needed([by_name["public.attendance"], by_name["public.graduation_decisions"]])
        found = [str(table) for table in canaries.referring(by_name["public.participants"], tables)]
        assert set(found) == {
            *("public.participants", "public.enrollments", "public.attendance", "public.graduation_decisions"),
        }


class TestTheWorld:
    def test_two_events_and_everybody_are_told_apart(self, reference: Make) -> None:
        inspection = reference().inspection()
        canaries = Canaries(inspection.catalog, inspection.tenancy, inspection.personas)
        one, two = canaries.world(), canaries.world()
        assert len({*one.keys.values(), *two.keys.values()}) == 4
        assert len({*one.users.values(), *two.users.values()}) == 2 * len(one.users)
        assert set(one.users) == {persona.name for persona in inspection.personas if persona.name != "anonymous"}
        assert len({marker.key for world in (one, two) for marker in world.markers.values()}) == 4

    def test_members_have_the_role_of_their_name_and_who_is_in_both_events_is_the_same_person(
        self, reference: Make
    ) -> None:
        system = reference()
        inspection = system.inspection()
        with system.database.transaction() as cursor:
            placed = Placed(system, inspection, Session(cursor), "public.event_members")
            world = placed.world
            members = {
                side: placed.session.rows(
                    f"select user_id, role from public.event_members where event_id = '{world.keys[side]}'"
                )
                for side in SIDES
            }
        own = {str(user): role for user, role in members["own"]}
        for persona in inspection.personas:
            user = world.users.get(persona.name, "")
            assert own.get(user) == persona.membership, persona.name
        others = {str(user) for user, _ in members["other"]}
        assert others & set(world.users.values()) == {world.users["both"]}
        assert len(others) == len(own)
        assert {role for _, role in members["other"]} >= {"organizer", "assessor", "participant"}

    def test_a_membership_that_has_ended_has_ended(self, synthetic: Make) -> None:
        system = synthetic("alter table members add column left_at timestamptz, add column active boolean not null")
        with system.database.transaction() as cursor:
            placed = Placed(system, system.inspection(), Session(cursor), "app.members")
            found = placed.session.rows(
                "select user_id, event_id, left_at < now(), active from app.members"
                f" where user_id = '{placed.world.users['former']}'"
            )
            assert found == [[placed.world.users["former"], placed.world.keys["other"], "t", "f"]]
            still = placed.session.ask("select from app.members where left_at is null and active").rows
            assert still == placed.session.ask("select from app.members").rows - 1

    def test_rows_of_every_kind_are_placed_for_both_events(self, synthetic: Make, login: str) -> None:
        system = synthetic(
            "create type mood as enum ('a', 'b', 'c');"
            "create table t (event_id uuid not null references events, m mood not null, seen boolean not null,"
            " kind text not null check (kind in ('x', 'y', 'z')))",
            login=login,
        )
        with system.database.transaction() as cursor:
            placed = Placed(system, system.inspection(), Session(cursor), "app.t")
            for side in SIDES:
                key = placed.world.keys[side]
                found = placed.session.rows(f"select m, seen, kind from app.t where event_id = '{key}'")
                assert [{row[n] for row in found} for n in range(3)] == [{*"abc"}, {*"tf"}, {*"xyz"}]
                assert len(found) == placed.variants + 1

    def test_the_rows_of_an_event_refer_to_rows_of_that_event(self, reference: Make, login: str) -> None:
        system = reference(login=login)
        with system.database.transaction() as cursor:
            placed = Placed(system, system.inspection(), Session(cursor), "public.attendance")
            for side in SIDES:
                found = placed.session.rows(
                    "select distinct s.event_id, e.event_id, p.event_id from public.attendance as a"
                    " join public.sessions as s on s.id = a.session_id"
                    " join public.enrollments as e on e.id = a.enrollment_id"
                    " join public.participants as p on p.id = e.participant_id"
                    f" where s.event_id = '{placed.world.keys[side]}'"
                )
                assert found == [[placed.world.keys[side]] * 3]

    def test_a_new_row_of_each_kind_is_not_there_yet(self, reference: Make) -> None:
        system = reference()
        inspection = system.inspection()
        target = inspection.catalog.by_name["public.participants"]
        with system.database.transaction() as cursor:
            placed = Placed(system, inspection, Session(cursor), str(target))
            there = {row["id"] for side in SIDES for row in placed.world.of(target, side)}
            for side in SIDES:
                spares = [placed.canaries.spare(placed.world, target, side, index) for index in range(4)]
                assert not there & {row["id"] for row in spares}
                assert {row["event_id"] for row in spares} == {placed.world.keys[side]}

    def test_who_belongs_to_no_event_has_an_account_all_the_same(self, synthetic: Make, login: str) -> None:
        system = synthetic("create table t (event_id uuid not null references events)", login=login)
        with system.database.transaction() as cursor:
            placed = Placed(system, system.inspection(), Session(cursor), "app.t")
            people = {row[0] for row in placed.session.rows("select id from app.people")}
            assert placed.world.users.keys() >= {"outsider", "both", "lead", "guest"}
            assert people >= set(placed.world.users.values())
            members = {row[0] for row in placed.session.rows("select user_id from app.members")}
            assert placed.world.users["outsider"] not in members

    def test_in_a_row_that_is_offered_every_person_is_the_one_who_offers_it(self, synthetic: Make) -> None:
        system = synthetic(
            "create table t (id int primary key, event_id uuid not null references events,"
            " writer uuid not null references people, reader uuid references people, other uuid)"
        )
        inspection = system.inspection()
        target = inspection.catalog.by_name["app.t"]
        with system.database.transaction() as cursor:
            placed = Placed(system, inspection, Session(cursor), "app.t")
            for persona in inspection.personas:
                row = placed.canaries.offered(placed.world, target, "other", 0, persona)
                user = placed.world.users.get(persona.name)
                assert row["event_id"] == placed.world.keys["other"]
                assert row["other"] != user
                if user is None:
                    assert not {row["writer"], row["reader"]} & set(placed.world.users.values()) - {
                        placed.world.users["both"]
                    }
                else:
                    assert (row["writer"], row["reader"]) == (user, user)
