"""S1: Supabase starts by the team's own command and becomes ready; it stops, and leaves nothing running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.lifecycle.rehearsal import Rehearsal

pytestmark = clause("S1")


def test_supabase_stops_in_time(rehearsal: Rehearsal) -> None:
    """The command that stops Supabase succeeds within its deadline."""
    done = rehearsal.stop("supabase").done
    assert done.fault is None, done.fault


def test_supabase_leaves_nothing_behind(rehearsal: Rehearsal) -> None:
    """Once it is stopped, Supabase listens nowhere, and no process and no temporary file of it stays."""
    staying = rehearsal.stop("supabase").stays("addresses", "processes", "files")
    assert not staying, f"what stays: {', '.join(staying)}"


def test_supabase_starts_again_in_time(rehearsal: Rehearsal) -> None:
    """Once it was stopped, Supabase starts again and is ready within its deadline."""
    start = rehearsal.start("supabase")
    assert start.fault is None, start.fault
