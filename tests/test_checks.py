"""The runbook and the checks agree: no clause without a check, no mark without a clause, no check without its words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from fixtures.clauses import clause
from runbook.clauses import clauses

CHECKS = Path(__file__).parents[1] / "checks"
FILES = sorted(CHECKS.rglob("test_*.py"))


def marked(tree: ast.Module) -> list[str]:
    """The clauses that a file's `pytestmark = clause(...)` names."""
    return [
        str(call.args[0].value)
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["pytestmark"]
        for call in ast.walk(node.value)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "clause" and isinstance(call.args[0], ast.Constant)
    ]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_every_clause_has_a_check() -> None:
    verified = {id_ for path in FILES for id_ in marked(parsed(path))}
    assert clauses().keys() - verified == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_verifies_one_clause_of_its_own_section(path: Path) -> None:
    [id_] = marked(parsed(path))
    assert clauses()[id_].section == path.parent.name
    assert (ast.get_docstring(parsed(path)) or "").startswith(f"{id_}: ")


def test_a_mark_without_a_clause_is_refused() -> None:
    with pytest.raises(KeyError, match="H9"):
        clause("H9")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_check_says_in_one_sentence_what_holds(path: Path) -> None:
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = " ".join((ast.get_docstring(node) or "").split())
            assert said.endswith("."), node.name
            assert len(said) > 20, node.name
