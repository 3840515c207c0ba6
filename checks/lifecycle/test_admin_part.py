"""S3: Admin starts with its origin agreeing with the API's configuration, and stops in an orderly way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.admin.serving import Serving
    from runbook.lifecycle.rehearsal import Rehearsal
    from runbook.settings import Admin

pytestmark = clause("S3")


def test_admin_stops_in_time(rehearsal: Rehearsal) -> None:
    """The command that stops Admin succeeds within its deadline."""
    done = rehearsal.stop("admin").done
    assert done.fault is None, done.fault


def test_admin_leaves_nothing_behind(rehearsal: Rehearsal) -> None:
    """Once it is stopped, Admin listens nowhere, and no process and no temporary file of it stays."""
    staying = rehearsal.stop("admin").stays("addresses", "processes", "files")
    assert not staying, f"what stays: {', '.join(staying)}"


def test_admin_starts_again_in_time(rehearsal: Rehearsal) -> None:
    """Once it was stopped, Admin starts again and is ready within its deadline."""
    start = rehearsal.start("admin")
    assert start.fault is None, start.fault


def test_admin_is_served_at_its_origin(serving: Serving, admin: Admin) -> None:
    """Started again, Admin is served at the origin that the settings name."""
    assert serving.origin == admin.origin, f"it is served at {serving.origin}, and not at {admin.origin}"


def test_api_allows_the_admins_origin(serving: Serving) -> None:
    """Started again, the API allows the origin that Admin is served at, and not every other."""
    assert serving.allowed, f"the API does not allow {serving.origin}"
    assert not serving.any_allowed, "the API allows every origin"
