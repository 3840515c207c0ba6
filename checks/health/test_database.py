"""H4: the database connection is healthy and RLS is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.database import health

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.database.health import Vitals
    from runbook.database.population import ExposedTable
    from runbook.settings import Settings

pytestmark = clause("H4")


def test_database_answers_in_time(vitals: Vitals, settings: Settings) -> None:
    """The database answers a question about itself within the time that the settings allow."""
    limit = settings.database.answer_within
    assert vitals.answered_in <= limit, f"it took {vitals.answered_in:.2f} s, and may take {limit:g} s"


def test_database_is_not_in_recovery(vitals: Vitals, settings: Settings) -> None:
    """The server is the primary: it is not in recovery."""
    assert settings.database.may_be_read_only or not vitals.in_recovery, "the server is in recovery: a replica answers"


def test_database_is_writable(vitals: Vitals, settings: Settings) -> None:
    """New transactions are not read-only."""
    assert settings.database.may_be_read_only or not vitals.read_only, "new transactions are read-only"


def test_connections_are_not_running_out(vitals: Vitals, settings: Settings) -> None:
    """Fewer connections are in use than the share of the server's limit that the settings allow."""
    assert vitals.connection_share < settings.database.connections_below, (
        f"{vitals.connections} of {vitals.max_connections} connections are in use"
    )


def test_no_transaction_is_too_old(vitals: Vitals, settings: Settings) -> None:
    """No transaction has been open for longer than the settings allow."""
    oldest, limit = vitals.oldest_transaction, settings.database.transactions_below
    assert oldest < limit, f"a transaction has been open for {oldest:.0f} s, and may be for {limit:g} s"


def test_server_has_no_known_rls_fault(vitals: Vitals) -> None:
    """The server's version is affected by none of the known faults in row-level security."""
    faults = health.rls_faults(vitals.version)
    assert not faults, "; ".join(faults)


def test_rls_is_on(exposed_table: ExposedTable) -> None:
    """RLS is enabled on a table that the API exposes, unless the settings declare the table public."""
    assert exposed_table.rls or exposed_table.declared_public, f"RLS is off on {exposed_table}"


def test_table_has_a_policy(exposed_table: ExposedTable) -> None:
    """A table with RLS has at least one policy: without any, its members are locked out."""
    assert exposed_table.policies > 0 or exposed_table.declared_public, f"{exposed_table} has no policy"


@pytest.mark.parametrize("role", ["api_login", "anonymous_role", "signed_in_role"])
def test_api_role_cannot_pass_by_rls(database: Database, settings: Settings, role: str) -> None:
    """A role that the API acts as does not bypass RLS, and neither is nor can become a superuser or an owner of the
    exposed tables."""
    name = getattr(settings.database, role)
    found = health.role(database, name, settings.database.exposed_schemas)
    assert found.exists, f"there is no role {name}"
    assert not found.superuser, f"{name} is a superuser, or can become one"
    assert not found.bypasses_rls, f"{name} bypasses RLS"
    assert found.owned_tables == (), f"{name} owns tables, or can become their owner: RLS does not bind it"
