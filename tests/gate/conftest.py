"""A repository with checks of the test's own, a database that they name, and the gate run on both."""

from __future__ import annotations

import ast
import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

import runbook.gate.running
from runbook.clauses import clauses
from runbook.cli import main
from runbook.evidence import keys
from runbook.evidence.run import Run, read
from stack.postgres import ADMIN, Server
from tests.documents import VARIABLES
from tests.rls_targets import SETTINGS, serving

ROOT = Path(__file__).parents[2]
HEAD = "import pytest\nfrom fixtures.clauses import clause\n"
HELD = HEAD + "\n".join(
    f"@clause('{id_}')\ndef test_{id_.lower()}({'exposed_table' if id_ == 'H4' else ''}): pass\n"
    for id_ in ("H1", "H2", "H3", "H4", "H5")
)
INI = f"""
[tool.pytest.ini_options]
pythonpath = ["{ROOT.as_posix()}"]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:pgrls", "-p", "no:hypothesispytest"]
strict = true
empty_parameter_set_mark = "fail_at_collect"
markers = ["clause(id): a clause"]
"""
PEOPLE = ("runner", "operator", "governance", "stranger")
ROLES = {"runner": "CI", "operator": "System Operator", "governance": "Governance"}
NOT_THE_SUITES = """
import runbook.clauses

for clause in runbook.clauses.clauses().values():
    object.__setattr__(clause, "checks", ())
"""
"""In the run itself nothing else is wanted than what there is: what is missing is then for the gate to see."""
MORE = """
[gate]
profiles = { reopen = ["health"], deploy = ["health"] }
limit = 60
fresh_minutes = 600
approvals = ["System Operator", "Governance"]
reopen = ["{python}", "-c", "from pathlib import Path; Path('opened').touch()"]

[[out_of_scope]]
check = "fingerprint.commit"
reason = "the API of this test is not there"
"""


class Gate:
    """The project, its target, people with keys, and the commands run on them."""

    def __init__(self, folder: Path, dsn: str, admin: str) -> None:
        self.folder = folder
        self.dsn, self.admin = dsn, admin
        self.reports = folder / "reports"
        self.settings = folder / "mine.toml"
        self.keys = {name: folder / f"{name}.pem" for name in PEOPLE}
        if self.settings.exists():
            self.public = {name: keys.material(keys.signer(path).public_key) for name, path in self.keys.items()}
            return
        self.public = {name: keys.new(path) for name, path in self.keys.items()}
        self.configure()
        (folder / "checks" / "health").mkdir(parents=True)
        (folder / "pyproject.toml").write_text(INI, encoding="utf-8")
        self.conftest()
        self.check(HELD)

    def configure(self, more: str = "", **changed: str) -> None:
        """Write the settings, with texts replaced and others added."""
        document = SETTINGS + MORE
        for old, new in changed.items():
            document = document.replace(old, new)
        for name, role in ROLES.items():
            document += f'\n[people.{name}]\nname = "{name.title()}"\nrole = "{role}"\nkey = "{self.public[name]}"\n'
        self.settings.write_text(document + more, encoding="utf-8")

    def check(self, text: str, name: str = "test_it.py") -> None:
        """Write a file of checks."""
        (self.folder / "checks" / "health" / name).write_text(text, encoding="utf-8")

    def conftest(self, more: str = "") -> None:
        """Wire the fixtures, and whatever else."""
        real = (ROOT / "conftest.py").read_text(encoding="utf-8")
        (self.folder / "conftest.py").write_text(real + NOT_THE_SUITES + more, encoding="utf-8")

    def sql(self, statement: str) -> None:
        """Change the target."""
        with psycopg.connect(self.admin) as connection:
            connection.execute(statement.encode())

    def invoke(self, *arguments: str | Path, by: str | None = "runner") -> Result:
        """A command of `runbook`, with somebody's key."""
        key = str(self.keys[by]) if by else ""
        environment = {**VARIABLES, "RUNBOOK_DSN": self.dsn, "RUNBOOK_KEY": key}
        result = CliRunner().invoke(main, [*map(str, arguments)], env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def decide(self, profile: str = "deploy", by: str | None = "runner") -> Result:
        """Run the gate."""
        return self.invoke("gate", profile, "--target", self.settings, "--reports", self.reports, by=by)

    def verify(self) -> Result:
        """Verify everything that is there."""
        return self.invoke("evidence", "verify", self.reports, "--target", self.settings, by=None)

    @property
    def run(self) -> Run:
        """The newest run."""
        return read(max(self.reports.glob("*/run.jsonl")).parent)

    @property
    def verdict(self) -> Path:
        """The newest run's verdict."""
        return self.run.folder / "gate" / "verdict.json"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving("gate") as started:
        yield started


@contextmanager
def wanting_what_is_held(folder: Path) -> Iterator[None]:
    """The gate runs the project in this folder, and the clauses want what HELD has, and nothing else."""
    wanted = [node.name for node in ast.parse(HELD).body if isinstance(node, ast.FunctionDef)]
    own = {name.removeprefix("test_").upper(): f"checks/health/test_it.py::{name}" for name in wanted}
    changed = {
        id_: dataclasses.replace(clause, checks=(own[id_],) if id_ in own else ()) for id_, clause in clauses().items()
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runbook.gate.running, "ROOT", folder)
        patched.setattr("runbook.clauses.clauses", lambda: changed)
        yield


@pytest.fixture
def gate(server: Server, tmp_path: Path) -> Iterator[Gate]:
    """A project that has run nothing yet."""
    server.clone("gate")
    with wanting_what_is_held(tmp_path):
        yield Gate(tmp_path, server.dsn("postgres", "gate"), server.dsn(ADMIN, "gate"))


@pytest.fixture(scope="session")
def passed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project whose gate has passed, for copies."""
    server.clone("gate")
    folder = tmp_path_factory.mktemp("passed")
    with wanting_what_is_held(folder):
        made = Gate(folder, server.dsn("postgres", "gate"), server.dsn(ADMIN, "gate"))
        assert made.decide("reopen").exit_code == 0
    return folder


@pytest.fixture
def proved(passed: Path, server: Server, tmp_path: Path) -> Iterator[Gate]:
    """A project whose gate for re-opening has passed."""
    server.clone("gate")
    folder = tmp_path / "project"
    shutil.copytree(passed, folder)
    with wanting_what_is_held(folder):
        yield Gate(folder, server.dsn("postgres", "gate"), server.dsn(ADMIN, "gate"))
