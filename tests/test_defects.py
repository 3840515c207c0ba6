"""Every check has been seen to fail: each planted defect turns exactly its checks red."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from stack.defects import Defect, defects

ROOT = Path(__file__).parents[1]
DEFECTS = defects()
RUN_SECONDS = 120


def check_functions() -> set[str]:
    """The names of all checks."""
    return {
        node.name
        for path in (ROOT / "checks").rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def settings_with(defect: Defect, folder: Path) -> Path:
    """The embedded target's settings, with the defect planted."""
    document = (ROOT / "targets" / "embedded.toml").read_text(encoding="utf-8")
    document = document.replace('folder = ".."', f"folder = {json.dumps(str(ROOT))}")
    # A name of its own: a system that `runbook up` left running would be taken instead, without the defect.
    document = document.replace('name = "embedded"', 'name = "defect"')
    if defect.path.suffix == ".toml":
        for line in defect.path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key = line.partition(" =")[0]
                document, replaced = re.subn(rf"^{key} = .*$", line, document, count=1, flags=re.MULTILINE)
                assert replaced, f"{defect}: the embedded target has no {key}"
    else:
        document = document.replace('"stack"]', f'"stack", "--defect", "{defect.name}"]')
    path = folder / "embedded.toml"
    path.write_text(document, encoding="utf-8")
    tomllib.loads(document)
    return path


def matches(pattern: str, name: str) -> bool:
    """`*` stands for anything: `test_x[*]` for all parameters of test_x."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None


@pytest.mark.slow
@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_defect_turns_exactly_its_checks_red(defect: Defect, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "checks/health", "--reports", str(tmp_path / "reports")]
    finished = subprocess.run(
        [*command, "--target", str(settings_with(defect, tmp_path))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    found = list((tmp_path / "reports").glob("*/run.jsonl"))
    assert len(found) == 1, finished.stdout + finished.stderr
    records = [json.loads(line) for line in found[0].read_text(encoding="utf-8").splitlines()]
    checks = {record["check"].rpartition("::")[2]: record for record in records if record["type"] == "check"}
    for outcome, patterns in (("violated", defect.red), ("unverified", defect.unverified)):
        observed = {name: record["reason"] for name, record in checks.items() if record["outcome"] == outcome}
        declared = {name for name in checks for pattern in patterns if matches(pattern, name)}
        undeclared = {name: reason for name, reason in observed.items() if name not in declared}
        nothing = [pattern for pattern in patterns if not any(matches(pattern, name) for name in checks)]
        assert (undeclared, declared - observed.keys(), nothing) == ({}, set(), []), outcome
    assert finished.returncode == 1
    assert records[-1]["verdict"] == "FAILED"


def test_every_check_has_a_defect() -> None:
    turned_red = {pattern.partition("[")[0] for defect in DEFECTS for pattern in defect.red}
    assert check_functions() - turned_red == set()


def test_every_defect_names_checks_that_exist() -> None:
    named = {pattern.partition("[")[0] for defect in DEFECTS for pattern in (*defect.red, *defect.unverified)}
    assert named - check_functions() == set()
