"""Whether the database is healthy, and whether its roles are as weak as the API's must be."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook.errors import Unverified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.database.connection import Database

RLS_CVES: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("CVE-2023-2455", ((15, 3), (14, 8), (13, 11), (12, 15), (11, 20))),
    ("CVE-2023-39418", ((15, 4),)),
    ("CVE-2024-4317", ((16, 3), (15, 7), (14, 12))),
    ("CVE-2024-10976", ((17, 1), (16, 5), (15, 9), (14, 14), (13, 17), (12, 21))),
    ("CVE-2025-8713", ((17, 6), (16, 10), (15, 14), (14, 19), (13, 22))),
)
"""Faults of PostgreSQL that weaken row-level security, each with the versions that mend it
(postgresql.org/support/security)."""

OLDEST_SUPPORTED = 15
"""Below this major version nothing is mended any more (postgresql.org/support/versioning, November 2026)."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """The state of the server at one moment; times in seconds."""

    answered_in: float
    in_recovery: bool
    read_only: bool
    connections: int
    max_connections: int
    oldest_transaction: float
    version: int

    @property
    def connection_share(self) -> float:
        """The share of the allowed connections that is in use: 0 to 1."""
        return self.connections / self.max_connections


@dataclass(frozen=True, slots=True)
class Role:
    """What one of the API's roles could do beside its grants."""

    name: str
    exists: bool
    superuser: bool
    bypasses_rls: bool
    owned_tables: tuple[str, ...]


def vitals(database: Database) -> Vitals:
    """Ask the server how it is. The time includes one round trip, not the connection's set-up.

    Raises Unverified when the login may not see what others do: it would find everything quiet.
    """
    if not database.read("select pg_has_role(current_user, 'pg_read_all_stats', 'usage')")[0][0]:
        raise Unverified("the login of database.dsn cannot see other sessions: grant pg_monitor to it")
    began = time.monotonic()
    [[recovery, read_only, connections, allowed, oldest, version]] = database.read(
        "select pg_is_in_recovery(), current_setting('default_transaction_read_only')::bool,"
        " (select count(*) from pg_stat_activity where backend_type = 'client backend'),"
        " current_setting('max_connections')::int,"
        " (select coalesce(max(extract(epoch from now() - xact_start)), 0)::float8 from pg_stat_activity"
        "   where backend_type = 'client backend' and pid <> pg_backend_pid()),"
        " current_setting('server_version_num')::int"
    )
    return Vitals(
        answered_in=time.monotonic() - began,
        in_recovery=bool(recovery),
        read_only=bool(read_only),
        connections=int(str(connections)),
        max_connections=int(str(allowed)),
        oldest_transaction=float(str(oldest)),
        version=int(str(version)),
    )


def rls_faults(version: int) -> list[str]:
    """The known RLS faults of a server, by its `server_version_num` (150018 is 15.18)."""
    major, minor = divmod(version, 10_000)
    faults = [
        name for name, fixed in RLS_CVES for fixed_major, first in fixed if fixed_major == major and minor < first
    ]
    if major < OLDEST_SUPPORTED:
        faults.append(f"PostgreSQL {major} gets no security fixes any more")
    return faults


def role(database: Database, name: str, schemas: Sequence[str]) -> Role:
    """What a role is allowed beside its grants, being superuser or owner through a membership included: that is
    inherited, or is one SET ROLE away. BYPASSRLS is the role's own alone: the API's login may become service_role."""
    [[exists, bypasses, superuser, owned]] = database.read(
        "with me as (select oid, rolbypassrls from pg_roles where rolname = %(role)s)"
        " select exists (select from me), coalesce((select rolbypassrls from me), false),"
        " exists (select from me, pg_roles as r where r.rolsuper and pg_has_role(me.oid, r.oid, 'MEMBER')),"
        " array(select format('%%I.%%I', n.nspname, c.relname) from me, pg_class as c"
        "   join pg_namespace as n on n.oid = c.relnamespace"
        "   where n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p')"
        "     and pg_has_role(me.oid, c.relowner, 'MEMBER') order by 1)",
        {"role": name, "schemas": list(schemas)},
    )
    tables = owned if isinstance(owned, list) else []
    return Role(name, bool(exists), bool(superuser), bool(bypasses), tuple(str(table) for table in tables))
