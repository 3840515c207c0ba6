"""Planted holes, and what a user of other tools knows of the reference system and would write down for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DEFECTS = Path(__file__).parents[1] / "stack" / "defects"
HOLES = (
    "rls_off",
    "rls/anonymous_visitors_read_enrollments",
    "rls/second_policy_opens_the_table",
    "rls/member_of_the_context_reads_every_row",
    "rls/context_not_bound_to_membership",
    "rls/update_check_forgets_the_event",
    "rls/view_replaced_without_security_invoker",
    "rls/function_returns_every_row",
)
TABLES = 100
DEADLINE = 300
PEOPLE = {
    "organizer": "aaaaaaaa-0000-4000-8000-000000000001",
    "participant": "aaaaaaaa-0000-4000-8000-000000000003",
    "outsider": "aaaaaaaa-0000-4000-8000-000000000008",
}
EVENT_A, EVENT_B = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
FOUR = ("members read", "organizers add", "organizers change", "organizers remove")
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
POLICIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "events": (("members read their events",), ("SELECT",)),
    "event_members": (("people read their own memberships, members those of the event",), ("SELECT",)),
    "participants": (FOUR, ALL),
    "enrollments": (FOUR, ALL),
    "sessions": (FOUR, ALL),
    "attendance": (
        ("members read", *(f"organizers and assessors {does}" for does in ("add", "change", "remove"))),
        ALL,
    ),
    "graduation_decisions": (
        ("organizers and assessors read", "organizers and assessors decide in their own name"),
        ("SELECT", "INSERT"),
    ),
    "audit_log": (("organizers read",), ("SELECT",)),
    "provinces": (("everybody reads",), ("SELECT",)),
}


def answers(name: str, clean: Mapping[str, set[str]], found: Mapping[str, Mapping[str, set[str]]]) -> dict[str, bool]:
    """By hole: whether something is said that is not said of the system as it is."""
    return {hole: bool(said[name] - clean[name]) for hole, said in found.items()}
