"""Each form of a command finds a hole that no other finds, and none of them touches what it should leave alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from runbook.rls import statements
from runbook.rls.answer import Kind, read
from runbook.rls.catalog import ForeignKey, Relation
from runbook.rls.session import Session, joined
from runbook.rls.statements import Statement
from runbook.rls.world import Row, insertion
from stack.postgres import ADMIN
from tests.rls.systems import Make, System

ROLE = "authenticated"
OWN, OTHER = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"
STAMP = ("event_id",)
TABLE = (
    "create table t (id int primary key, event_id uuid not null references events, note text, up int);"
    "alter table t enable row level security;"
)
GRANT = "grant select, insert, update, delete on t to authenticated;"
# As a policy that knows the caller's event.
IS_OWN = f"event_id = '{OWN}'"
OTHERS: list[Row] = [{"id": str(key), "event_id": OTHER, "note": "x", "up": "0"} for key in (1, 2)]
OWNS: list[Row] = [{"id": str(key), "event_id": OWN, "note": "y", "up": "0"} for key in (11, 12)]
SPARE: Row = {"id": "21", "event_id": OWN, "note": "z", "up": "0"}


class Tried:
    """What comes of statements, each undone at once, with rows in place."""

    def __init__(self, session: Session, target: Relation, rows: list[Row]) -> None:
        self.relation = target
        self._session = session
        assert session.ask(f"insert into app.events values ('{OWN}'), ('{OTHER}')").ok
        if rows:
            assert session.ask(insertion(target, rows)).ok
        session.ask("savepoint probe")

    def kinds(self, found: Iterable[Statement]) -> dict[str, Kind]:
        """By form, what each statement comes to."""
        kinds = {}
        for statement in found:
            become = f"set local row_security = on; set local role {ROLE}"
            reply = self._session.ask(joined(["rollback to savepoint probe", become, statement.sql]))
            kinds[statement.form] = read(reply, {self.relation.name}, tripwire=statement.tripwire).kind
        return kinds


@contextmanager
def trying(system: System, rows: list[Row]) -> Iterator[Tried]:
    with system.database.transaction() as cursor:
        yield Tried(Session(cursor), system.catalog().by_name["app.t"], rows)


def with_policies(synthetic: Make, *policies: str, grant: str = GRANT) -> System:
    """The table with policies: `select using (...)` and the like."""
    made = [f"create policy p{number} on t for {policy};" for number, policy in enumerate(policies)]
    return synthetic(TABLE + grant + "".join(made), login=ADMIN)


class TestSelect:
    @pytest.mark.parametrize(
        ("policy", "kind"), [("true", "reached"), (IS_OWN, "hidden"), (f"not ({IS_OWN})", "reached")]
    )
    def test_every_form_shows_what_the_policy_shows(self, synthetic: Make, policy: str, kind: Kind) -> None:
        with trying(with_policies(synthetic, f"select using ({policy})"), OTHERS) as tried:
            found = tried.kinds(statements.select(tried.relation, ROLE, OTHERS, alone=True))
        assert found == {"any row": kind, "by key": kind, "copy": kind}

    def test_beside_own_rows_only_the_others_are_looked_for(self, synthetic: Make) -> None:
        with trying(with_policies(synthetic, f"select using ({IS_OWN})"), [*OTHERS, *OWNS]) as tried:
            found = tried.kinds(statements.select(tried.relation, ROLE, OTHERS, alone=False))
        assert found == {"by key": "hidden", "copy": "hidden"}

    def test_where_the_key_may_not_be_read_any_row_will_do(self, synthetic: Make) -> None:
        system = with_policies(synthetic, "select using (true)", grant="grant select (note) on t to authenticated;")
        with trying(system, OTHERS) as tried:
            found = tried.kinds(statements.select(tried.relation, ROLE, OTHERS, alone=False))
        assert found == {"any row": "reached"}

    def test_without_the_privilege_that_is_told(self, synthetic: Make) -> None:
        with trying(with_policies(synthetic, "select using (true)", grant=""), OTHERS) as tried:
            found = tried.kinds(statements.select(tried.relation, ROLE, OTHERS, alone=True))
        assert set(found.values()) == {"not granted"}


class TestInsert:
    @pytest.mark.parametrize(("policy", "kind"), [("true", "reached"), (IS_OWN, "refused"), ("false", "refused")])
    def test_a_row_of_the_other_event_is_taken_as_the_check_says(
        self, synthetic: Make, policy: str, kind: Kind
    ) -> None:
        row = SPARE | {"event_id": OTHER}
        with trying(with_policies(synthetic, f"insert with check ({policy})"), OTHERS) as tried:
            assert set(tried.kinds(statements.insert(tried.relation, ROLE, row)).values()) == {kind}

    def test_a_column_that_may_not_be_written_is_left_out(self, synthetic: Make) -> None:
        grant = "grant insert (id, event_id) on t to authenticated;"
        with trying(with_policies(synthetic, "insert with check (true)", grant=grant), []) as tried:
            assert set(tried.kinds(statements.insert(tried.relation, ROLE, SPARE)).values()) == {"reached"}


class TestUpdate:
    def kinds(self, system: System, *, alone: bool = True) -> dict[str, Kind]:
        with trying(system, OTHERS if alone else [*OTHERS, *OWNS]) as tried:
            target = tried.relation
            found = [
                *statements.update(target, ROLE, OTHERS, STAMP, alone=alone),
                *statements.upsert(target, ROLE, OTHERS, SPARE, STAMP),
                *(statements.take_over(target, {"event_id": OWN}) if alone else ()),
            ]
            return tried.kinds(found)

    def test_a_tight_table_is_closed_to_all_forms(self, synthetic: Make) -> None:
        found = self.kinds(with_policies(synthetic, f"all using ({IS_OWN})"))
        assert found.pop("on conflict") == "refused"
        assert set(found.values()) == {"hidden"}
        assert found.keys() == {"every row", "by key", "returning", "merge", "take over"}

    def test_an_open_one_is_found_by_the_form_without_columns_alone_where_nothing_can_be_read(
        self, synthetic: Make
    ) -> None:
        found = self.kinds(with_policies(synthetic, f"select using ({IS_OWN})", "update using (true)"))
        assert found["every row"] == "reached"
        assert (found["by key"], found["returning"], found["merge"]) == ("hidden", "hidden", "hidden")

    def test_an_open_one_is_found_by_every_form_where_all_can_be_read(self, synthetic: Make) -> None:
        found = self.kinds(with_policies(synthetic, "all using (true)"))
        assert set(found.values()) == {"reached"}

    def test_a_wide_using_with_a_tight_check_is_found_by_a_take_over_alone(self, synthetic: Make) -> None:
        found = self.kinds(
            with_policies(synthetic, "select using (true)", f"update using (true) with check ({IS_OWN})")
        )
        assert found.pop("take over") == "reached"
        assert "reached" not in found.values()

    def test_an_upsert_may_be_open_where_a_plain_update_s_rows_are_not_seen(self, synthetic: Make) -> None:
        found = self.kinds(
            with_policies(synthetic, "select using (true)", "update using (true)", f"insert with check ({IS_OWN})")
        )
        assert found["on conflict"] == "reached"

    def test_beside_own_rows_no_form_touches_them_all(self, synthetic: Make) -> None:
        found = self.kinds(with_policies(synthetic, f"all using ({IS_OWN})"), alone=False)
        assert "every row" not in found
        assert "reached" not in found.values()


class TestDelete:
    @pytest.mark.parametrize(
        ("policies", "expected"),
        [
            ([f"all using ({IS_OWN})"], {"every row": "hidden", "by key": "hidden", "merge": "hidden"}),
            (["all using (true)"], {"every row": "reached", "by key": "reached", "merge": "reached"}),
            (
                [f"select using ({IS_OWN})", "delete using (true)"],
                {"every row": "reached", "by key": "hidden", "merge": "hidden"},
            ),
            (["select using (true)"], {"every row": "hidden", "by key": "hidden", "merge": "refused"}),
        ],
    )
    def test_each_form_says_what_it_can(self, synthetic: Make, policies: list[str], expected: dict[str, Kind]) -> None:
        with trying(with_policies(synthetic, *policies), OTHERS) as tried:
            assert tried.kinds(statements.delete(tried.relation, ROLE, OTHERS, alone=True)) == expected

    def test_it_is_found_without_the_privilege_to_read(self, synthetic: Make) -> None:
        system = with_policies(synthetic, "delete using (true)", grant="grant delete on t to authenticated;")
        with trying(system, OTHERS) as tried:
            assert tried.kinds(statements.delete(tried.relation, ROLE, OTHERS, alone=True))["every row"] == "reached"


class TestMove:
    @pytest.mark.parametrize(
        ("policy", "kind"),
        [
            (f"update using ({IS_OWN})", "refused"),
            (f"update using ({IS_OWN}) with check (true)", "reached"),
            ("update using (true)", "reached"),
            ("update using (false)", "hidden"),
        ],
    )
    def test_an_own_row_goes_to_the_other_event_as_the_check_says(
        self, synthetic: Make, policy: str, kind: Kind
    ) -> None:
        with trying(with_policies(synthetic, "select using (true)", policy), OWNS) as tried:
            found = tried.kinds(statements.move(tried.relation, ROLE, OWNS, {"event_id": OTHER}))
        assert found == {"every own row": kind, "by key": kind}

    def test_where_the_new_row_may_not_be_read_the_form_without_columns_alone_finds_it(self, synthetic: Make) -> None:
        system = with_policies(synthetic, f"select using ({IS_OWN})", f"update using ({IS_OWN}) with check (true)")
        with trying(system, OWNS) as tried:
            found = tried.kinds(statements.move(tried.relation, ROLE, OWNS, {"event_id": OTHER}))
        assert found == {"every own row": "reached", "by key": "refused"}


class TestReferences:
    def test_an_own_row_that_points_to_the_other_event_keeps_its_own_stamp(self, synthetic: Make) -> None:
        there = statements.pointing(ForeignKey("k", ("up",), 0, ("id",)), OTHERS[0], STAMP)
        assert there == {"up": OTHERS[0]["id"]}
        with trying(with_policies(synthetic, f"insert with check ({IS_OWN})"), OTHERS) as tried:
            assert tried.kinds(statements.insert(tried.relation, ROLE, {**SPARE, **there}))["insert"] == "reached"

    def test_of_a_composite_key_only_what_is_not_the_stamp_is_changed(self) -> None:
        composite = ForeignKey("k", ("event_id", "up"), 0, ("event_id", "id"))
        assert statements.pointing(composite, OTHERS[0], STAMP) == {"up": OTHERS[0]["id"]}
        assert statements.pointing(ForeignKey("k", STAMP, 0, ("event_id",)), OTHERS[0], ("event_id", "up")) == {}


class TestWhatIsChanged:
    """A column that no policy reads and no key holds, wherever there is one."""

    @pytest.mark.parametrize(
        ("columns", "policy", "changed"),
        [
            ("id int primary key, event_id uuid not null, note text", "true", "note"),
            ("id int primary key, event_id uuid not null, note text, kind text", "note is null", "kind"),
            ("id int primary key, event_id uuid not null, note text", "note = '1' and id = 1", "note"),
            ("id int primary key, event_id uuid not null", "true", "id"),
            ("g int generated always as (1) stored, note text, event_id uuid", "true", "note"),
        ],
    )
    def test_it_is_harmless(self, synthetic: Make, columns: str, policy: str, changed: str) -> None:
        system = synthetic(
            f"create table t ({columns}); grant all on t to authenticated; create policy p on t using ({policy})"
        )
        target = system.catalog().by_name["app.t"]
        row: Row = {column.name: "1" for column in target.columns if not column.generated}
        found = {
            statement.form: statement.sql for statement in statements.update(target, ROLE, [row], STAMP, alone=False)
        }
        assert f"set \"{changed}\" = '1'" in found["by key"]

    @pytest.mark.parametrize(
        ("columns", "policy", "stopped_by"),
        [
            ("id int primary key, event_id uuid not null, note text", "true", "id"),
            ("id int primary key, event_id uuid not null, note text not null", "id = 1", "note"),
            ("id int primary key, event_id uuid not null, note text", "id = 1", None),
            ("id must primary key, event_id uuid not null, note text", "true", None),
            ("id int generated always as identity primary key, event_id uuid not null, note text", "true", None),
        ],
    )
    def test_null_goes_where_none_may_be_and_no_policy_looks(
        self, synthetic: Make, columns: str, policy: str, stopped_by: str | None
    ) -> None:
        system = synthetic(
            f"create domain must as int not null; create table t ({columns}); grant all on t to authenticated;"
            f"create policy p on t using ({policy})"
        )
        target = system.catalog().by_name["app.t"]
        row: Row = {column.name: "1" for column in target.columns}
        [first, *_] = statements.update(target, ROLE, [row], STAMP, alone=True)
        assert first.form == "every row"
        assert ("= null" in first.sql) == (stopped_by is not None)
        assert stopped_by is None or f'set "{stopped_by}" = null' in first.sql


def test_a_table_with_rules_is_spared_the_forms_that_rules_do_not_allow(synthetic: Make) -> None:
    system = synthetic(f"{TABLE} create rule r as on delete to t do instead nothing")
    target = system.catalog().by_name["app.t"]
    forms = {
        statement.form
        for found in (
            statements.update(target, ROLE, OTHERS, STAMP, alone=True),
            statements.upsert(target, ROLE, OTHERS, SPARE, STAMP),
            statements.delete(target, ROLE, OTHERS, alone=True),
        )
        for statement in found
    }
    assert not forms & {"merge", "on conflict"}


class TestWhatMayBeRead:
    """By which columns rows are told apart, and what of them a role may see."""

    @pytest.mark.parametrize(
        ("grant", "row", "readable", "text"),
        [
            ("grant select on t to authenticated", {"id": "1"}, True, "(r.*)::text"),
            ("grant select (id) on t to authenticated", {"id": "1"}, True, "concat_ws(' ', r.\"id\"::text)"),
            (
                "grant select (up, note) on t to authenticated",
                {"id": "1"},
                False,
                'concat_ws(\' \', r."note"::text, r."up"::text)',
            ),
            ("grant select on t to authenticated", {"ctid": "(0,1)"}, True, "(r.*)::text"),
            ("grant select (id, note) on t to authenticated", {"ctid": "(0,1)"}, False, None),
            # Without any privilege it is tried, so that the server says so.
            ("grant insert on t to authenticated", {"id": "1"}, True, "(r.*)::text"),
        ],
    )
    def test_it_is_what_is_granted(
        self, synthetic: Make, grant: str, row: Row, readable: bool, text: str | None
    ) -> None:
        target = synthetic(f"{TABLE} {grant}").catalog().by_name["app.t"]
        assert statements.readable(target, ROLE, [row]) == readable
        assert not statements.readable(target, ROLE, [])
        assert text is None or statements.row_text(target, ROLE) == text


def test_a_table_with_triggers_is_not_stopped_by_null_since_a_trigger_may_fill_it_in(synthetic: Make) -> None:
    system = synthetic(
        f"{TABLE} {GRANT} create function f() returns trigger language plpgsql as 'begin return new; end';"
        "create trigger g before update on t for each row execute function f()"
    )
    [first, *_] = statements.update(system.catalog().by_name["app.t"], ROLE, OTHERS, STAMP, alone=True)
    assert "null" not in first.sql
