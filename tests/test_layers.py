"""The engine keeps to its layer: it knows nothing of pytest, asserts nothing and reads the environment in one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[1] / "src" / "runbook"
FILES = sorted(ENGINE.rglob("*.py"))
NAMES = [path.relative_to(ENGINE).as_posix() for path in FILES]
FROM_ABOVE = {"pytest", "_pytest", "xdist", "allure", "allure_commons", "hypothesis"} | {
    "conftest",
    "fixtures",
    "checks",
    "tests",
    "stack",
    "benchmarks",
}
READS_THE_ENVIRONMENT = ("settings.py", "settings_file.py", "targets/")
HEAVY = ("playwright", "psycopg", "jwt", "cryptography", "httpx", "pydantic", "tenacity", "psutil", "jinja2", "pgrls")


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in a file, within functions and for type checkers too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def from_above(tree: ast.AST) -> list[str]:
    return [name for name in imported(tree) if name.partition(".")[0] in FROM_ABOVE]


def reads_of_the_environment(tree: ast.AST) -> list[str]:
    """`os.environ` and `os.getenv`, however they are spelled, and what expands variables in a path."""
    names = {"environ", "environb", "getenv", "getenvb", "expandvars"}
    attributes = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names]
    return attributes + [name for name in imported(tree) if name.rpartition(".")[2] in names]


def asserts(tree: ast.AST) -> list[int]:
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


def parsed(name: str) -> ast.AST:
    return ast.parse((ENGINE / name).read_text(encoding="utf-8"))


def test_there_is_an_engine_to_look_at() -> None:
    assert {"cli.py", "settings.py", "api/client.py", "evidence/verdict.py"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_imports_nothing_from_above(name: str) -> None:
    assert from_above(parsed(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_returns_values_and_never_asserts(name: str) -> None:
    assert asserts(parsed(name)) == []


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(READS_THE_ENVIRONMENT)])
def test_nothing_but_settings_and_targets_reads_the_environment(name: str) -> None:
    assert reads_of_the_environment(parsed(name)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "import pytest": ["pytest"],
        "import pytest as p, os": ["pytest"],
        "from _pytest.config import Config": ["_pytest.config.Config"],
        "def f():\n    from fixtures.api import Person": ["fixtures.api.Person"],
        "if TYPE_CHECKING:\n    import stack.api": ["stack.api"],
        "from runbook.settings import Settings\nimport pytester_like": [],
    }.items(),
)
def test_an_import_from_above_would_be_found(text: str, found: list[str]) -> None:
    assert from_above(ast.parse(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ['X']",
        "import os as o\no.getenv('X')",
        "from os import environ as e",
        "p.expandvars('$X')",
    ],
)
def test_a_read_of_the_environment_would_be_found(text: str) -> None:
    assert reads_of_the_environment(ast.parse(text))


def test_the_command_line_starts_without_the_heavy_modules() -> None:
    """`runbook --help` does not wait for a browser's, a database's or a validation library."""
    shown = subprocess.run(
        [sys.executable, "-c", "import sys, runbook.cli; print(*{name.partition('.')[0] for name in sys.modules})"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "click" in shown
    assert [name for name in HEAVY if name in shown] == []


def test_the_summary_and_the_verdict_need_no_heavy_module_either() -> None:
    """They run in the controller, beside every worker."""
    code = (
        "import sys, runbook.evidence.summary, runbook.evidence.verdict, runbook.evidence.redact; print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in HEAVY if name in shown] == []
