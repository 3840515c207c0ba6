"""Runs of the checks, forked from a process that has already imported what every run imports: each costs half.

Nothing else of a run is shared: it has its own environment, output and exit code, and what it changes ends with it.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What pytest rewrites (conftest.py, fixtures, checks) is not among them: it wants to import that itself. Nor is xdist,
# which hands the path on to its workers that there was when it was imported.
IMPORTED = [
    "allure_pytest.plugin",
    "httpx",
    "pgrls",
    "playwright.sync_api",
    "psycopg.errors",
    "pytest",
    "pytest_timeout",
    "runbook.api.tokens",
    "runbook.evidence.seal",
    "runbook.fingerprint",
    "runbook.rls.inspection",
    "runbook.rls.posture",
    "runbook.targets.embedded",
    "runbook.waivers",
]
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(IMPORTED)


def pytest_run(
    arguments: Sequence[object], environment: Mapping[str, str], seconds: float, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """What `python -m pytest ARGUMENTS` in that folder comes to, with nothing but this environment."""
    words = [str(argument) for argument in arguments]
    with (
        tempfile.NamedTemporaryFile("r", encoding="utf-8") as output,
        tempfile.NamedTemporaryFile("r", encoding="utf-8") as errors,
    ):
        process = SERVER.Process(target=_run, args=(words, dict(environment), cwd, output.name, errors.name))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, seconds, output.read(), errors.read())
        return subprocess.CompletedProcess(words, process.exitcode, output.read(), errors.read())


def _run(words: list[str], environment: dict[str, str], cwd: Path, *outputs: str) -> None:
    for number, name in enumerate(outputs, 1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[:0] = [str(cwd), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["pytest", *words]
    import pytest

    sys.exit(pytest.main(words))
