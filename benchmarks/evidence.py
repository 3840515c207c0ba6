"""What recording, judging and sealing cost: a run of many checks with the evidence, and the same without.

python -m benchmarks.evidence [CHECKS]      20000 unless told
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Run, run, spread
from runbook.evidence import keys
from tests.documents import LIVE, VARIABLES

ROOT = Path(__file__).parents[1]
PAIRS = 3
MILLISECONDS = 5
"""What a check does beside being recorded. Those of the healthcheck take 20 ms, those of RLS 13 ms, in the median."""
CHECKS = """
import time
import pytest
from fixtures.clauses import clause

@clause("H4")
@pytest.mark.parametrize("number", range({count}))
def test_it(journal, number):
    journal.note("http", request="GET /events", status=200, request_id="{request}", milliseconds=3.5)
    time.sleep({seconds})
"""
INI = f"""
[tool.pytest.ini_options]
pythonpath = ["{ROOT.as_posix()}"]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:pgrls", "-p", "no:hypothesispytest", "-q"]
markers = ["clause(id): a clause"]
"""
WITHOUT = """
import pytest

@pytest.fixture(scope="session")
def journal():
    from runbook.evidence.journal import Journal
    return Journal()

@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    # As the suite does it: what takes the time of the square would hide every other cost.
    session.config.pluginmanager.get_plugin("allure_listener")._update_fixtures_children = lambda item: None
"""


def main(count: int) -> None:
    """Measure and print."""
    measure.LIMIT = 3600
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        keys.new(folder / "key.pem")
        bare, whole = [project(folder / name, name == "whole", count) for name in ("bare", "whole")]
        environment = {**os.environ, **VARIABLES, "RUNBOOK_KEY": str(folder / "key.pem")}
        # Both write JUnit and Allure, as pytest does by itself.
        plain = ["--junitxml=reports/junit.xml", "--alluredir=reports/allure"]
        pairs = [
            (pytest(whole, ["--target=mine.toml"], environment), pytest(bare, plain, environment)) for _ in range(PAIRS)
        ]
        show(count, pairs)


def project(folder: Path, whole: bool, count: int) -> Path:
    """A folder of checks that do next to nothing, with the evidence or without."""
    checks = folder / "checks" / "health"
    checks.mkdir(parents=True)
    text = CHECKS.format(count=count, seconds=MILLISECONDS / 1000, request="0d6f2b9e-7a51-4c7e-9f0a-6a1f0f3f5a11")
    (checks / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(INI, encoding="utf-8")
    wiring = (ROOT / "conftest.py").read_text(encoding="utf-8") if whole else WITHOUT
    (folder / "conftest.py").write_text(wiring, encoding="utf-8")
    (folder / "mine.toml").write_text(LIVE, encoding="utf-8")
    return folder


def pytest(folder: Path, more: list[str], environment: dict[str, str]) -> Run:
    """One run; that the clauses of the runbook find no check here makes it INCONCLUSIVE, and no faster."""
    return run([sys.executable, "-m", "pytest", "checks/health", *more], folder, environment, ends=(0, 3))


def show(count: int, pairs: list[tuple[Run, Run]]) -> None:
    """What it cost."""
    print(f"{count} checks of {MILLISECONDS} ms")
    print(f"  with the evidence:   {spread([whole.seconds for whole, _ in pairs], 's')}")
    print(f"  without:             {spread([bare.seconds for _, bare in pairs], 's')}")
    print(f"  ratio, pair by pair: {spread([whole.seconds / bare.seconds for whole, bare in pairs], 'times')}")
    print(f"  memory more:         {spread([whole.megabytes - bare.megabytes for whole, bare in pairs], 'MB')}")
    print(
        f"  a check costs        {spread([(w.seconds - b.seconds) / count * 1e6 for w, b in pairs], 'us')}", flush=True
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20000)
