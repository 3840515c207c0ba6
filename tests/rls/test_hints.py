"""What is said of a hole: who gets at what, let through by what; and what is proposed closes it."""

from __future__ import annotations

import re

import pytest

from runbook.rls.catalog import Function, Relation
from runbook.rls.cells import Cell, Probe
from runbook.rls.hints import remedy, violation
from runbook.rls.inspection import Inspection
from tests.rls.systems import Make, System

MEMBER = "(select private.is_member(private.current_event_id()))"
NOTES = (
    "create table public.notes (id uuid primary key default gen_random_uuid(),"
    " event_id uuid not null references public.events, note text);"
    "grant select, insert, update, delete on public.notes to authenticated;"
)


def open_cells(system: System, name: str) -> tuple[Inspection, Relation | Function, list[Cell]]:
    """What of the other event is reached in a relation or by a function."""
    inspection, item, cells = system.probed(name)
    return inspection, item, [cell for cell in cells if cell.reach == "other" and cell.kind == "reached"]


# What opens it, in which relation or function, to whom, by which command, and what is said of that.
HOLES = {
    "RLS off": (
        "alter table public.sessions disable row level security",
        "public.sessions",
        ("outsider", "select"),
        'RLS is off: alter table "public"."sessions" enable row level security',
    ),
    "a policy for everybody": (
        'create policy "open to all" on public.sessions for select to authenticated using (true)',
        "public.sessions",
        ("outsider", "select"),
        'let through by policy "open to all": in its using, tie event_id to the event',
    ),
    "a policy without the event": (
        f'create policy "any member" on public.sessions for select to authenticated using ({MEMBER})',
        "public.sessions",
        ("participant", "select"),
        'let through by policy "any member": in its using, tie event_id to the event',
    ),
    "a check that lets everything in": (
        'create policy "add" on public.sessions for insert to authenticated with check (true)',
        "public.sessions",
        ("outsider", "insert"),
        'let through by policy "add": in its with check, tie event_id to the event',
    ),
    "an update without the event": (
        f'create policy "change" on public.sessions for update to authenticated using ({MEMBER})',
        "public.sessions",
        ("participant", "update"),
        'let through by policy "change": in its using, tie event_id to the event',
    ),
    "a delete for everybody": (
        'create policy "tidy" on public.sessions for delete to authenticated using (true)',
        "public.sessions",
        ("outsider", "delete"),
        'let through by policy "tidy": in its using, tie event_id to the event',
    ),
    "a move": (
        'drop policy "organizers change" on public.sessions;'
        'create policy "organizers change" on public.sessions for update to authenticated'
        " using (event_id = (select private.current_event_id())"
        "   and (select private.has_role(private.current_event_id(), 'organizer'))) with check (true)",
        "public.sessions",
        ("organizer", "move"),
        'let through by policy "organizers change": in its with check, tie event_id to the event',
    ),
    "a view of its owner": (
        "alter view public.event_roster reset (security_invoker)",
        "public.event_roster",
        ("outsider", "select"),
        'the view reads as its owner: alter view "public"."event_roster" set (security_invoker = on)',
    ),
    "a materialised view": (
        "create materialized view public.copy as select * from public.participants;revoke all on public.copy from anon",
        "public.copy",
        ("outsider", "select"),
        'no policy guards a materialised view: revoke select on "public"."copy" from "authenticated"',
    ),
    "a function of its owner": (
        "create function public.all_names() returns setof text language sql stable security definer"
        " as 'select full_name from public.participants'",
        "public.all_names",
        ("outsider", "select"),
        "the function runs with its owner's rights and does not tie what it does to the caller",
    ),
    "a public table that is written": (
        "grant insert on public.provinces to anon;"
        'create policy "add" on public.provinces for insert to anon with check (true)',
        "public.provinces",
        ("anonymous", "insert"),
        'revoke insert on "public"."provinces" from public, "anon"',
    ),
    "a reference to the other event": (
        f"{NOTES} alter table public.notes enable row level security, add session_id uuid references public.sessions;"
        "create policy everything on public.notes to authenticated using (event_id = (select"
        f" private.current_event_id()) and {MEMBER})",
        "public.notes",
        ("organizer", "insert"),
        'let through by policy "everything": in its with check, session_id must be of the same event too',
    ),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_told_with_what_let_it_through(reference: Make, hole: str) -> None:
    change, name, (persona, command), told = HOLES[hole]
    inspection, item, cells = open_cells(reference(change), name)
    found = [cell for cell in cells if (cell.persona, cell.command) == (persona, command)]
    assert found, [(cell.persona, cell.command, cell.kind) for cell in cells]
    said = remedy(found[0], item, inspection)
    assert told in said
    line = violation(found, item, inspection)
    assert line.startswith(f"{persona} ")
    assert str(item) in line
    assert line.endswith(said)
    assert "\n" not in line


CLOSED = ["RLS off", "a view of its owner", "a materialised view", "a public table that is written"]


@pytest.mark.parametrize("hole", CLOSED)
def test_the_statement_that_is_proposed_closes_the_hole(reference: Make, hole: str) -> None:
    change, name, (persona, _), _ = HOLES[hole]
    system = reference(change)
    inspection, item, cells = open_cells(system, name)
    statements = {remedy(cell, item, inspection) for cell in cells}
    for said in statements:
        [statement] = re.findall(r"(?:alter|revoke) .*", said)
        system.run(statement)
    assert cells
    _, _, after = open_cells(system, name)
    assert not [cell for cell in after if cell.persona == persona]


def test_everybody_who_gets_through_is_named_once_with_the_witness(reference: Make) -> None:
    inspection, item, cells = open_cells(reference(HOLES["RLS off"][0]), "public.sessions")
    found = [cell for cell in cells if cell.command == "select"]
    line = violation(found, item, inspection)
    assert line.count("outsider") == 1
    assert "assessor" in line
    assert "rows of another event in public.sessions" in line
    assert re.search(r"\((any row|by key|copy), (naming|in the own).*: 1 rows\)", line)


def test_no_line_shows_what_stands_in_a_row(reference: Make) -> None:
    system = reference(HOLES["RLS off"][0])
    inspection, item, cells = open_cells(system, "public.sessions")
    shown = [str(value) for row in system.database.read("select id::text, title from public.sessions") for value in row]
    assert shown
    assert not any(value in violation([cell], item, inspection) for cell in cells for value in shown)


class TestWhatIsSaidOfAPolicy:
    """Of several that may have let a row through, those that are wide come before those that only lack the event."""

    def said(self, system: System, command: str, *, form: str = "by key") -> str:
        inspection = system.inspection()
        item = inspection.catalog.by_name["app.t"]
        probe = Probe("other", form, "", "reached", "1 rows")
        cell = Cell("app.t", "lead", command, "other", "reached", probes=(probe,))  # type: ignore[arg-type]
        return remedy(cell, item, inspection)

    TABLE = (
        "create table t (id int primary key, event_id uuid not null references events, kind text);"
        "alter table t enable row level security; grant all on t to authenticated;"
    )

    @pytest.mark.parametrize(
        ("policies", "command", "named"),
        [
            (["wide using (true)", "tied using (event_id is null)", "loose using (id = 1)"], "select", ['"wide"']),
            (["tied using (event_id is null)", "loose using (id = 1)"], "select", ['"loose"']),
            (["tied using (event_id is null)"], "select", ['"tied"']),
            (["a using (id = 1)", "b using (id = 2)"], "select", ['"a"', '"b"']),
            (["u for update using (true) with check (id = 1)", "s for select using (true)"], "update", ['"u"']),
            (["i for insert with check (true)", "s for select using (true)"], "insert", ['"i"']),
            (["a using (true) with check (id = 1)", "b using (id = 1) with check (true)"], "insert", ['"b"']),
            (["a using (true) with check (id = 1)", "b using (id = 1) with check (true)"], "update", ['"a"']),
            (["tied using (event_id is null) with check (true)", "loose using (id = 1)"], "move", ['"tied"']),
            (["other to anon using (true)", "mine to authenticated using (id = 1)"], "delete", ['"mine"']),
            (["narrow as restrictive using (true)", "mine using (id = 1)"], "select", ['"mine"']),
        ],
    )
    def test_it_is_the_one_that_says_least_of_the_event(
        self, synthetic: Make, policies: list[str], command: str, named: list[str]
    ) -> None:
        made = [f"create policy {name} on t {rest}" for name, _, rest in (text.partition(" ") for text in policies)]
        said = self.said(synthetic(self.TABLE + "; ".join(made)), command)
        assert re.findall(r'policy ("\w+")', said) == named

    def test_where_none_explains_it_that_is_said(self, synthetic: Make) -> None:
        assert 'no policy explains it: look at who owns "app"."t"' in self.said(synthetic(self.TABLE), "select")

    def test_a_table_that_belongs_to_nobody_is_to_be_closed(self, synthetic: Make) -> None:
        change = "create table t (id int); alter table t enable row level security; grant all on t to authenticated"
        assert self.said(synthetic(change), "move") == 'revoke update on "app"."t" from public, "authenticated"'

    def test_names_are_told_as_sql_writes_them(self, synthetic: Make) -> None:
        system = synthetic('create view "the ""one""" as select * from events')
        inspection = system.inspection()
        item = inspection.catalog.by_name['app.the "one"']
        said = remedy(Cell(str(item), "lead", "select", "other", "reached"), item, inspection)
        assert 'alter view "app"."the ""one""" set (security_invoker = on)' in said
