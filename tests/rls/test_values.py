"""The server takes the rows that are made up for a table, whatever its columns; where it takes none, that is told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from runbook.rls.canary import Canaries, CannotPlace
from runbook.rls.catalog import Catalog, Relation
from runbook.rls.inspection import Inspection
from runbook.rls.session import Session
from runbook.rls.statements import insert
from runbook.rls.values import Marker, candidates, choices, constrained, names_in
from runbook.rls.world import SIDES, name_of
from runbook.settings import Settings
from stack.postgres import ADMIN, Server
from tests.rls.conftest import made
from tests.rls.systems import APP, Make, System

TYPES = """
create type app.mood as enum ('sad', 'it''s ok', 'happy');
create type app.pair as (a int, b text);
create domain app.email as text check (value ~* '^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}$');
create domain app.positive as int check (value > 0);
create domain app.must as text not null check (value <> '');
create domain app.short as varchar(8);
"""
COLUMNS = {
    "uuid": "uuid",
    "text": "text",
    "varchar": "varchar",
    "varchar(1)": "varchar(1)",
    "varchar(5)": "varchar(5)",
    "varchar(30)": "varchar(30)",
    "char": "char",
    "char(2)": "char(2)",
    "char(40)": "char(40)",
    "name": "name",
    "boolean": "boolean",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "numeric": "numeric",
    "numeric(3)": "numeric(3)",
    "numeric(12,2)": "numeric(12,2)",
    "real": "real",
    "double": "double precision",
    "money": "money",
    "oid": "oid",
    "date": "date",
    "time": "time",
    "timetz": "timetz",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "timestamptz(0)": "timestamptz(0)",
    "interval": "interval",
    "json": "json",
    "jsonb": "jsonb",
    "bytea": "bytea",
    "inet": "inet",
    "cidr": "cidr",
    "macaddr": "macaddr",
    "macaddr8": "macaddr8",
    "bit": "bit",
    "varbit": "varbit",
    "varbit(5)": "varbit(5)",
    "point": "point",
    "line": "line",
    "lseg": "lseg",
    "box": "box",
    "path": "path",
    "polygon": "polygon",
    "circle": "circle",
    "tsvector": "tsvector",
    "tsquery": "tsquery",
    "pg_lsn": "pg_lsn",
    "int4range": "int4range",
    "tstzrange": "tstzrange",
    "text[]": "text[]",
    "uuid[]": "uuid[]",
    "integer[]": "integer[]",
    "jsonb[]": "jsonb[]",
    "enum": "app.mood",
    "enum[]": "app.mood[]",
    "domain of e-mail": "app.email",
    "positive domain": "app.positive",
    "domain that is not null": "app.must",
    "short domain": "app.short",
    "more than zero": "int check (v > 0)",
    "less than zero": "int check (v < 0)",
    "share": "numeric(5,4) check (v >= 0 and v <= 1)",
    "year": "int check (v >= 1900 and v <= 2100)",
    "even": "int check (v % 2 = 0)",
    "one of words": "text check (v in ('draft', 'sent', 'it''s paid'))",
    "the one word": "text check (v = 'only')",
    "one of numbers": "int check (v in (10, 20, 30))",
    "any of an array": "text check (v = any (array['a', 'b']))",
    "e-mail": "text check (v ~ '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$')",
    "e-mail in lower case": "text check (v = lower(v) and position('@' in v) > 1)",
    "web address": "text check (v like 'https://%')",
    "telephone number": "text check (v ~ '^\\+[0-9]{8,15}$')",
    "colour": "text check (v ~ '^#[0-9a-f]{6}$')",
    "slug": "text check (v ~ '^[a-z0-9]+(-[a-z0-9]+)*$')",
    "upper case": "text check (v = upper(v) and v ~ '^[A-Z]+$')",
    "not empty": "text check (length(trim(v)) > 0)",
    "at most ten": "text check (length(v) <= 10)",
    "at least three": "text check (char_length(v) >= 3 and char_length(v) <= 120)",
    "not in the future": "date check (v <= '2030-01-01')",
    "an object": "jsonb check (jsonb_typeof(v) = 'object')",
    "an array": "jsonb check (jsonb_typeof(v) = 'array')",
    "a date in words": "text check (v ~ '^\\d{4}-\\d{2}-\\d{2}$')",
    "unique text": "text unique",
    "unique number": "int unique",
    "identity": "int generated always as identity",
    "serial": "serial",
}
WHOLE = {
    "dates in order": "a date not null, b date not null, check (b >= a)",
    "one of two": "a int, b int, check (num_nonnulls(a, b) = 1)",
    "word and number": (
        "a text not null check (a in ('free', 'paid')), b int not null, check ((a = 'free') = (b = 0))"
    ),
    "both or neither": "a text, b timestamptz, check ((a is null) = (b is null))",
    "composite key": "a uuid not null, b text not null, unique (a, b)",
    "composite type left out": "a app.pair, b text not null",
    "composite type with a default": "a app.pair not null default row(1, 'x'), b text not null",
    "generated column": "a int not null, b int generated always as (a + 1) stored, c int generated always as (a)",
    "exclusion": "a int not null, exclude using btree (a with =)",
    "no key at all": "a text, b int",
}
NONE_FITS = {
    "composite type": ("v app.pair not null", "app.pair"),
    "composite type in an array's place": ("v app.pair not null, w int", "app.pair"),
    "nothing": ("v int not null constraint never check (v > 0 and v < 0)", "never"),
    "nothing in text": ("v text not null constraint never check (length(v) > 5 and length(v) < 3)", "never"),
    "a secret word": ("v text not null constraint hash check (md5(v) = '0')", "hash"),
    "a number far off": ("v int not null constraint far check (v * 7 % 1009 = 1003)", "far"),
    "two that exclude each other": ("v int not null, w int not null, constraint odd check (v > w and w > v)", "odd"),
}
SECONDS = 3


class Wide:
    """A database with a table for each kind of column."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.inspection: Inspection = system.inspection()
        self.catalog: Catalog = self.inspection.catalog

    def relation(self, name: str) -> Relation:
        return self.catalog.by_name[f"app.{name}"]

    def placed(self, relation: Relation) -> int:
        """How many rows stand in the table once canaries of both events are there."""
        canaries = Canaries(self.catalog, self.inspection.tenancy, self.inspection.personas)
        with self.system.database.transaction() as cursor:
            session = Session(cursor)
            session.ask("set constraints all immediate")
            world = canaries.world()
            variants = canaries.variants(relation)
            tables = canaries.needed([relation])
            canaries.place(session, world, [(table, side) for table in tables for side in SIDES], variants)
            for side in SIDES:
                assert len(world.of(relation, side)) > variants
                spare = canaries.spare(world, relation, side, variants)
                [statement, *_] = insert(relation, "postgres", spare)
                reply = session.ask(f"savepoint spare; {statement.sql}")
                assert reply.ok or reply.sqlstate in ("23505", "23P01"), f"a new row: {reply}"
                session.ask("rollback to savepoint spare")
            return session.ask(f"select from {name_of(relation)}").rows


@pytest.fixture(scope="module", params=["postgres", ADMIN])
def wide(request: pytest.FixtureRequest, server: Server, live: Settings) -> Iterator[Wide]:
    """As a login that may switch triggers and foreign keys off, and as one that may not."""
    tables = "id uuid primary key default gen_random_uuid(), event_id uuid not null references events"
    statements = [f'create table "{name}" ({tables}, v {column} not null);' for name, column in COLUMNS.items()]
    statements += [f'create table "{name}" ({tables}, {columns});' for name, columns in WHOLE.items()]
    statements += [f'create table "{name}" ({tables}, {columns});' for name, (columns, _) in NONE_FITS.items()]
    with made(server, live, "wide") as make:
        yield Wide(make(TYPES + "\n".join(statements), schema="app", base=APP, login=request.param))


@pytest.mark.parametrize("name", [*COLUMNS, *WHOLE])
def test_rows_of_both_events_are_taken(wide: Wide, name: str) -> None:
    assert wide.placed(wide.relation(name)) >= 4


@pytest.mark.parametrize(("name", "told"), [(name, told) for name, (_, told) in NONE_FITS.items()])
def test_what_takes_no_row_is_told_with_the_table_and_the_reason_in_bounded_time(
    wide: Wide, name: str, told: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(CannotPlace) as raised:
        wide.placed(wide.relation(name))
    assert time.monotonic() - begun < SECONDS
    assert f"app.{name}" in str(raised.value)
    assert told in str(raised.value)


class TestTheRowsOfAnEvent:
    def test_they_carry_its_marker_and_not_the_other_one_s(self, wide: Wide) -> None:
        marker, other = Marker.new(), Marker.new()
        for name in ("text", "uuid", "jsonb", "e-mail", "varchar(30)", "bigint", "integer", "text[]"):
            relation = wide.relation(name)
            [first, *_] = candidates(relation, relation.column("v"), marker, 1, 0)
            assert any(trace in str(first) for trace in marker.traces), name
            assert not any(trace in str(first) for trace in other.traces), name

    def test_two_of_them_differ_wherever_a_key_may_want_it(self, wide: Wide) -> None:
        marker = Marker.new()
        for name in ("text", "uuid", "bigint", "integer", "smallint", "numeric", "unique text"):
            relation = wide.relation(name)
            firsts = {candidates(relation, relation.column("v"), marker, serial, 0)[0] for serial in range(1, 9)}
            assert len(firsts) == 8, name

    def test_they_take_on_every_value_of_a_column_that_has_few(self, wide: Wide) -> None:
        for name, values in {
            "enum": ("sad", "it's ok", "happy"),
            "boolean": ("true", "false"),
            "one of words": ("draft", "sent", "it's paid"),
            "any of an array": ("a", "b"),
        }.items():
            relation = wide.relation(name)
            column = relation.column("v")
            assert choices(relation, column) == values, name
            firsts = [candidates(relation, column, Marker.new(), 1, variant)[0] for variant in range(len(values))]
            assert firsts == list(values), name

    def test_a_column_that_may_be_null_can_always_do_without(self, wide: Wide) -> None:
        relation = wide.relation("one of two")
        assert candidates(relation, relation.column("a"), Marker.new(), 1, 0)[-1] is None
        relation = wide.relation("integer")
        assert None not in candidates(relation, relation.column("v"), Marker.new(), 1, 0)


@pytest.mark.parametrize(
    ("check", "texts", "numbers"),
    [
        ("CHECK (((v)::text = ANY (ARRAY['a'::text, 'it''s'::text])))", ("a", "it's"), ()),
        ("CHECK ((v > 0) AND (v <= 12.5))", (), ("0", "12.5")),
        ("CHECK ((v >= '-3'::integer))", ("-3",), ()),
        ("CHECK ((other > 7))", (), ()),
        ("CHECK ((\"v\" <> ''::text))", ("",), ()),
    ],
)
def test_the_literals_of_a_constraint_are_those_against_its_column(
    check: str, texts: tuple[str, ...], numbers: tuple[str, ...]
) -> None:
    found = constrained((("c", check),), "v")
    assert (found.texts, found.numbers) == (texts, numbers)


def test_names_are_found_in_quotes_and_without_and_never_within_a_text() -> None:
    found = names_in('("Odd ""name""" = plain_1) AND (lower(other) <> \'hidden word\'::text)')
    assert {'Odd "name"', "plain_1", "other", "lower"} <= found
    assert "hidden" not in found


def test_a_domain_s_constraint_and_a_partition_s_bound_are_heeded(synthetic: Make) -> None:
    system = synthetic(
        """
        create table app.log (id int, event_id uuid not null references app.events, kind text not null, day date)
            partition by list (kind);
        create table app.log_a partition of app.log for values in ('alpha', 'beta');
        create table app.log_b partition of app.log for values in ('gamma');
        create table app.years (event_id uuid not null references app.events, day date not null)
            partition by range (day);
        create table app.years_2026 partition of app.years for values from ('2026-01-01') to ('2027-01-01');
        """
    )
    wide = Wide(system)
    for name in ("log", "log_a", "log_b", "years", "years_2026"):
        assert wide.placed(wide.relation(name)) >= 4, name
