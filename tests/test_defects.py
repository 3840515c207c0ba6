"""Every check has been seen to fail: each planted defect turns exactly its checks red."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stack.containers.database import Database
from stack.database import build
from stack.defects import Defect
from stack.postgres import ADMIN, Server, running
from tests.planted import DEFECTS, IN_CONTAINERS, SECTION_OF, planted, sections_of, shares_a_server
from tests.warm import pytest_run

ROOT = Path(__file__).parents[1]
RUN_SECONDS = 120
BASELINE = ROOT / "targets" / "embedded.baseline.json"


@pytest.fixture(scope="session")
def database_server() -> Iterator[Server]:
    """One server with the built database in `postgres`, to be copied for each defect."""
    directory = ROOT / ".runbook" / f"defects-{os.getpid()}"
    with running(directory) as server:
        yield server
    shutil.rmtree(directory)


def embedded(folder: Path) -> str:
    """The embedded target's settings, usable from another folder."""
    document = (ROOT / "targets" / "embedded.toml").read_text(encoding="utf-8")
    document = document.replace('folder = ".."', f"folder = {json.dumps(str(ROOT))}")
    return document + f"\n[rls]\nbaseline = {json.dumps(str(BASELINE))}\n"


def settings_with(defect: Defect, folder: Path, document: str | None = None) -> Path:
    """The settings of a system in which the defect is planted: an embedded one, unless others are given."""
    # A name of its own: a system that `runbook up` left running would be taken instead, without the defect.
    given = document if document is not None else embedded(folder)
    document = re.sub(r'^name = "\w+"', 'name = "defect"', given, count=1, flags=re.MULTILINE)
    if defect.path.suffix == ".toml":
        for line in defect.path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key = line.partition(" =")[0]
                document, replaced = re.subn(rf"^{key} = .*$", line, document, count=1, flags=re.MULTILINE)
                assert replaced, f"{defect}: the target has no {key}"
    else:
        document = document.replace('"stack"]', f'"stack", "--defect", "{defect.name}"]')
    return written(document, folder)


def settings_of_a_copy(defect: Defect, server: Server | Database, folder: Path) -> tuple[Path, dict[str, str]]:
    """The settings of a copy of the database in which the defect is planted, and the variables that they name."""
    server.clone("defect")
    build.apply(server.dsn(ADMIN, "defect"), defect.path)
    head, _, tail = embedded(folder).partition("[start]")
    document = head.replace('backend = "embedded"', 'backend = "live"') + tail[tail.index("[api]") :]
    # Nothing answers there, so nobody need wait for what is deployed.
    document = document.replace('route = "/version"\n', "")
    nowhere = dict.fromkeys(re.findall(r'env = "(STACK_\w+_URL)"', document), "http://127.0.0.1:9")
    unused = dict.fromkeys(re.findall(r'env = "(STACK_\w+)"', document), "/of/no/use/here")
    key = {"STACK_PUBLIC_KEY_FILE": str(ROOT / "LICENSE"), "STACK_DATABASE_DSN": server.dsn("postgres", "defect")}
    return written(document, folder), unused | nowhere | key


def written(document: str, folder: Path) -> Path:
    tomllib.loads(document)
    path = folder / "embedded.toml"
    path.write_text(document, encoding="utf-8")
    return path


def run(
    sections: list[str], settings: Path, reports: Path, more: Mapping[str, str]
) -> tuple[int, list[dict[str, object]]]:
    """Run sections of the checks: the exit code and the records."""
    arguments = [*(f"checks/{section}" for section in sections), "--reports", reports, "--target", settings]
    finished = pytest_run(arguments, {**os.environ, **more}, RUN_SECONDS)
    found = list(reports.glob("*/run.jsonl"))
    assert len(found) == 1, finished.stdout
    return finished.returncode, [json.loads(line) for line in found[0].read_text(encoding="utf-8").splitlines()]


def matches(pattern: str, name: str) -> bool:
    """`*` stands for anything: `test_x[*]` for all parameters of test_x."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None


@pytest.mark.slow
@pytest.mark.parametrize("defect", planted(DEFECTS, elsewhere=IN_CONTAINERS), ids=str)
def test_defect_turns_exactly_its_checks_red(defect: Defect, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if shares_a_server(defect):
        server: Server = request.getfixturevalue("database_server")
        settings, more = settings_of_a_copy(defect, server, tmp_path)
    else:
        settings, more = settings_with(defect, tmp_path), {}
    assert_exactly_its_checks_are_red(defect, settings, tmp_path / "reports", more)


def assert_exactly_its_checks_are_red(defect: Defect, settings: Path, reports: Path, more: Mapping[str, str]) -> None:
    """Run the sections that the defect is planted for, and hold what they say against its header."""
    code, records = run(sections_of(defect), settings, reports, more)
    checks = {str(record["check"]).rpartition("::")[2]: record for record in records if record["type"] == "check"}
    for outcome, patterns in (("violated", defect.red), ("unverified", defect.unverified)):
        observed = {name: record["reason"] for name, record in checks.items() if record["outcome"] == outcome}
        declared = {name for name in checks for pattern in patterns if matches(pattern, name)}
        undeclared = {name: reason for name, reason in observed.items() if name not in declared}
        nothing = [pattern for pattern in patterns if not any(matches(pattern, name) for name in checks)]
        assert (undeclared, declared - observed.keys(), nothing) == ({}, set(), []), outcome
    assert code == 1
    assert records[-1]["verdict"] == "FAILED"


def test_every_check_has_a_defect() -> None:
    turned_red = {pattern.partition("[")[0] for defect in DEFECTS for pattern in defect.red}
    # What is planted for these is no defect of the system, but an incident at fault.
    files = (ROOT / "tests" / "incident").glob("test_checks_*.py")
    at_fault = " ".join(path.read_text(encoding="utf-8") for path in files)
    turned_red |= {
        check for check, section in SECTION_OF.items() if "incident" in section and re.search(rf"\b{check}\b", at_fault)
    }
    assert SECTION_OF.keys() - turned_red == set()


def test_every_defect_names_checks_that_exist() -> None:
    named = {pattern.partition("[")[0] for defect in DEFECTS for pattern in (*defect.red, *defect.unverified)}
    assert named - SECTION_OF.keys() == set()
