"""The tenancy is read off the foreign keys where they make it clear, and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runbook.errors import TargetError
from runbook.rls.guess import with_tenancy
from runbook.settings import NOT_NAMED

if TYPE_CHECKING:
    from runbook.settings import Settings
    from tests.rls.systems import Make, System

TWO_KINDS_OF_MEMBERS = """
create table app.clubs (id uuid primary key);
create table app.club_members (
    club_id uuid references app.clubs, user_id uuid references app.people, primary key (club_id, user_id)
);
"""


def unnamed(system: System) -> Settings:
    return system.settings.model_copy(update={"tenancy": NOT_NAMED})


def test_the_reference_system_needs_no_tenancy_in_its_settings(reference: Make) -> None:
    found = with_tenancy(unnamed(reference())).tenancy
    assert str(found.root) == "public.events"
    assert str(found.membership.table) == "public.event_members"
    assert (found.key, found.membership.user, found.membership.event) == ("id", "user_id", "event_id")


def test_what_the_settings_name_is_not_asked_for(live: Settings) -> None:
    assert with_tenancy(live) is live


def test_of_two_tables_of_members_the_one_that_more_hangs_on_is_taken(synthetic: Make) -> None:
    more = "create table app.notes (id uuid primary key, event_id uuid references app.events);"
    found = with_tenancy(unnamed(synthetic(TWO_KINDS_OF_MEMBERS + more))).tenancy
    assert str(found.root) == "app.events"


def test_two_that_nothing_tells_apart_are_named_and_not_guessed(synthetic: Make) -> None:
    with pytest.raises(TargetError, match=r"(?s)app\.clubs.*app\.events"):
        with_tenancy(unnamed(synthetic(TWO_KINDS_OF_MEMBERS)))


def test_without_a_table_of_members_there_is_nothing_to_guess(synthetic: Make) -> None:
    with pytest.raises(TargetError, match="no table of members was found"):
        with_tenancy(unnamed(synthetic("drop table app.members;")))
