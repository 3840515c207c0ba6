"""The migrations of a rollback are applied in a container of the live server's version, where the settings name one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook.errors import Unverified
from runbook.release.scratch_container import contained
from runbook.release.supabase import PROJECT, SUPERUSER
from runbook.targets.engine import RUN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]
ROOT = Path(__file__).parents[2]


def test_the_server_is_empty_and_who_applies_is_who_the_settings_say() -> None:
    with contained("postgres:18", None) as scratch:
        with scratch.connected(SUPERUSER, 10) as connection:
            connection.execute(PROJECT.encode())
        with scratch.connected("postgres", 10) as connection:
            connection.execute("reset role")
            connection.execute("create table public.made ()")
            [owner] = connection.execute("select tableowner, session_user from pg_tables where tablename = 'made'")
    assert owner == ("postgres", "postgres")


def test_an_image_that_is_not_to_be_had_proves_nothing() -> None:
    with (
        pytest.raises(Unverified, match=r"^the image registry\.invalid/postgres:9 is not here and cannot be pulled"),
        contained("registry.invalid/postgres:9", None),
    ):
        pass


def test_rollback_holds_with_the_migrations_applied_in_a_container(document: str, tmp_path: Path) -> None:
    files = 'files = "stack/database/migrations"'
    target = tmp_path / "container.toml"
    target.write_text(document.replace(files, f'{files}\ndatabase = "postgres:18"'), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "checks/rollback", "--target", str(target), "--reports", str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode == 0
    [record] = tmp_path.glob("*/run.jsonl")
    assert json.loads(record.read_text(encoding="utf-8").splitlines()[-1])["verdict"] == "PASSED"


def test_the_scratch_server_is_removed(engine: object) -> None:
    import docker

    with contained("postgres:18", None):
        pass
    found = docker.from_env().containers.list(all=True, filters={"label": RUN}, ignore_removed=True)
    assert [one for one in found if one.labels[RUN].startswith("scratch-")] == []
