"""An image that has Supabase's roles and schema auth keeps them: the reference system adds what is missing."""

from __future__ import annotations

import secrets

import psycopg
import pytest

from runbook.release.scratch_container import contained
from runbook.release.supabase import PROJECT, SUPERUSER
from stack.database import build

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]
OWNER = "select pg_get_functiondef('auth.uid()'::regprocedure)"


def test_what_supabase_has_made_stays_and_the_rest_is_added() -> None:
    own = secrets.token_urlsafe(12)
    with contained("postgres:18", None) as scratch, scratch.connected(SUPERUSER, 10) as connection:
        connection.execute(PROJECT.encode())
        [before] = connection.execute(OWNER).fetchone() or [None]
        build.bootstrap(scratch.dsn(SUPERUSER), {"postgres": own})
        as_postgres = psycopg.conninfo.make_conninfo(scratch.dsn(SUPERUSER), user="postgres", password=own)
        assert build.migrate(as_postgres)
        build.seed(as_postgres, "scrypt$00$00")
        [after] = connection.execute(OWNER).fetchone() or [None]
        assert before == after
        [claims] = connection.execute("select to_regprocedure('auth.jwt()') is not null").fetchone() or [None]
        assert claims
        people = connection.execute("select distinct aud, role, banned_until from auth.users").fetchall()
        assert people == [("authenticated", "authenticated", None)]
