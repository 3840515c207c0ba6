"""Holes that were once told as closed, each for something beside it that has nothing to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rls.systems import Make, System

NOTES = """
create table public.notes (
    id uuid primary key default gen_random_uuid(), event_id uuid not null references public.events, COLUMN
);
grant select, insert, update, delete on public.notes to authenticated;
alter table public.notes enable row level security, add session_id uuid references public.sessions;
create policy "all that members do" on public.notes to authenticated using (
    event_id = (select private.current_event_id()) and (select private.is_member(private.current_event_id()))
);
"""
NAMES = """
create function public.names() returns setof text language sql stable security definer as
    $$ select case when email <> 'x'CAST then full_name end from public.participants $$
"""
WIPE = """
create table public.notes (
    id uuid primary key default gen_random_uuid(), event_id uuid not null references public.events, note text, COLUMN
);
alter table public.notes enable row level security;
create function public.wipe(p_event_id uuid) returns void language sql security definer as
    $$ update public.notes set note = '' where event_id = p_event_id $$
"""


def kind(system: System, name: str, command: str, persona: str) -> str:
    """What one cell about rows of others came to."""
    _, _, cells = system.probed(name)
    [found] = [c.kind for c in cells if (c.reach, c.command, c.persona) == ("other", command, persona)]
    return found


@pytest.mark.parametrize("column", ["stars int", "stars smallint not null check (stars between 1 and 5)"])
def test_a_reference_to_the_other_event_is_found_beside_any_range(reference: Make, column: str) -> None:
    assert kind(reference(NOTES.replace("COLUMN", column)), "public.notes", "insert", "organizer") == "reached"


def test_a_reference_is_found_beside_a_domain_of_a_small_range(reference: Make) -> None:
    domain = "create domain public.stars as int check (value between 1 and 5);"
    system = reference(domain + NOTES.replace("COLUMN", "stars public.stars not null"))
    assert kind(system, "public.notes", "insert", "organizer") == "reached"


@pytest.mark.parametrize("cast", ["", "::text"])
def test_a_function_leaks_whether_or_not_a_cast_stands_before_its_table(reference: Make, cast: str) -> None:
    assert kind(reference(NAMES.replace("CAST", cast)), "public.names", "select", "outsider") == "reached"


def test_a_view_leaks_whatever_its_columns_are_called(reference: Make) -> None:
    system = reference("create view public.roster as select full_name, 1 as r from public.participants")
    assert kind(system, "public.roster", "select", "outsider") == "reached"


@pytest.mark.parametrize("column", ["t int", "u int"])
def test_a_function_that_changes_rows_is_seen_whatever_their_columns_are_called(reference: Make, column: str) -> None:
    assert kind(reference(WIPE.replace("COLUMN", column)), "public.wipe", "select", "outsider") == "reached"
