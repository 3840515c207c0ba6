"""R3: the database is at the state that the commit's migrations make, and no migration is half applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.release.migrations import Comparison
    from runbook.release.schema import Compared

pytestmark = clause("R3")


def test_migration_is_applied(history: Comparison, migration: str | None) -> None:
    """A migration of the commit is in the database's own record of migrations."""
    if migration is None:
        raise Unverified("the commit's migrations cannot be read")
    assert migration not in history.missing, f"{migration} is not applied"


def test_no_migration_is_unknown(history: Comparison) -> None:
    """The database's record holds no migration that the commit does not have: none is left to be undone."""
    assert not history.unknown, f"not of the commit: {', '.join(history.unknown[:5])}"


def test_head_is_the_one_of_the_commit(history: Comparison) -> None:
    """The newest migration in the database is the newest one of the commit."""
    assert history.head_in_database == history.head, (
        f"the database is at {history.head_in_database}, the commit at {history.head}"
    )


def test_nothing_is_half_applied(half_applied: list[str], half: str) -> None:
    """The database holds nothing of what only a migration leaves that did not come to its end."""
    assert not half_applied, f"{half}: {', '.join(half_applied[:5])}"


def test_schema_is_the_one_of_the_migrations(schemas: Compared, object_kind: str) -> None:
    """Every object of a kind is as the commit's migrations make it in an empty database, and there is no other."""
    difference = schemas.difference(object_kind)
    assert not difference, f"{len(difference)} lines of schema.diff: {'; '.join(difference[:3])[:400]}"
