"""What a migration leaves that came to no end: by kind, the names of what is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.settings_release import Release

LEFTOVER = "leftover"
FAILED = "failed migration"
"""Only Flyway's table can say so: of the others, what failed was rolled back and is missing."""

QUERIES = {
    # Of CREATE INDEX CONCURRENTLY that failed, or is under way; of a parent's index without one for each partition.
    "invalid index": """
select n.nspname || '.' || c.relname
from pg_index as i join pg_class as c on c.oid = i.indexrelid join pg_namespace as n on n.oid = c.relnamespace
where not (i.indisvalid and i.indisready and i.indislive) and n.nspname !~ '^pg_temp' order by 1
""",
    # NOT VALID: rows that were there before were never looked at.
    "constraint not validated": """
select n.nspname || '.' || coalesce(c.relname, t.typname) || ': ' || k.conname
from pg_constraint as k join pg_namespace as n on n.oid = k.connamespace
left join pg_class as c on c.oid = k.conrelid left join pg_type as t on t.oid = k.contypid
where not k.convalidated and coalesce((to_jsonb(k) ->> 'conenforced')::bool, true) order by 1
""",
    # DETACH PARTITION CONCURRENTLY that was interrupted.
    "partition half detached": """
select n.nspname || '.' || c.relname
from pg_inherits as i join pg_class as c on c.oid = i.inhrelid join pg_namespace as n on n.oid = c.relnamespace
where i.inhdetachpending order by 1
""",
    "prepared transaction": """
select gid || ' of ' || owner || ' since ' || prepared::text from pg_prepared_xacts
where database = current_database() order by 1
""",
}
"""Each over the whole database; what the system itself has is always whole."""

LEFTOVERS = """
select n.nspname || '.' || c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname || '.' || c.relname like %s order by 1
"""


def kinds(release: Release) -> list[str]:
    """What is looked for: what did not succeed, everything in QUERIES, and each pattern of the settings."""
    failed = [FAILED] if release.source is not None and release.source.format == "flyway" else []
    return [*failed, *QUERIES, *(f"{LEFTOVER} {pattern}" for pattern in release.leftovers)]


def found(database: Database, kind: str) -> list[str]:
    """The names of what there is of a kind. Raises Unverified."""
    if kind.startswith(f"{LEFTOVER} "):
        # An underscore stands for itself in a name, as people write it.
        pattern = re.sub(r"([\\_])", r"\\\1", kind.removeprefix(f"{LEFTOVER} "))
        rows = database.read(LEFTOVERS, [pattern])
    elif kind in QUERIES:
        rows = database.read(QUERIES[kind])
    else:
        raise Unverified(f"{kind} is none of {', '.join(QUERIES)}")
    return [str(row[0]) for row in rows]
