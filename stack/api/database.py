"""The database as PostgREST uses it: one login, and in each transaction the caller's own role and claims."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

Row = dict[str, Any]
Connection = AsyncConnection[Row]
Pool = AsyncConnectionPool[Connection]

WAIT_SECONDS = 5
STATEMENT_TIMEOUT = "5s"
CONTEXT = """
select set_config('role', %(role)s, true),
       set_config('request.jwt.claims', %(claims)s, true),
       set_config('request.headers', %(headers)s, true),
       set_config('request.method', %(method)s, true),
       set_config('request.path', %(path)s, true),
       set_config('statement_timeout', %(timeout)s, true),
       set_config('application_name', %(request)s, true)
"""


def pool(dsn: str, *, min_size: int, max_size: int) -> Pool:
    """A closed pool. Its connections prepare nothing, so that a transaction pooler may stand in between."""
    return AsyncConnectionPool(
        dsn,
        connection_class=AsyncConnection[Row],
        kwargs={"prepare_threshold": None, "row_factory": dict_row, "options": "-c timezone=UTC"},
        min_size=min_size,
        max_size=max_size,
        timeout=WAIT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


@asynccontextmanager
async def transaction(request: Request, claims: Mapping[str, Any], event: UUID | None) -> AsyncIterator[Connection]:
    """A transaction as the caller, in the event's context: committed at the end, rolled back on an exception."""
    api: Pool = request.app.state.pool
    context = {
        "role": claims["role"],
        "claims": json.dumps(claims),
        # Of the headers only this one: the token stays out of reach of the database's logs.
        "headers": json.dumps({"x-event-id": str(event)} if event else {}),
        "method": request.method,
        "path": request.url.path,
        "timeout": STATEMENT_TIMEOUT,
        # The database's log names its sessions: so a message there is found by the request that caused it.
        "request": request.state.request_id,
    }
    async with api.connection() as connection:
        await connection.execute(CONTEXT, context)
        yield connection
