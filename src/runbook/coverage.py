"""What each clause rests on: its checks, and for each the planted defects that were seen to turn it red."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from runbook.clauses import Clause, clauses
from runbook.evidence.summary import name
from runbook.targets import EMBEDDED

DEFECTS = EMBEDDED.parents[1] / "stack" / "defects"
AT_FAULT = EMBEDDED.parents[1] / "tests" / "incident"
_RED = re.compile(r"^(?:-- |# )?Red: (test_\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Covered:
    """A clause, and for each of its checks, in words, the defects that turn it red."""

    clause: Clause
    checks: dict[str, tuple[str, ...]]


def covered() -> Iterator[Covered]:
    """Every clause in the runbook's order. Of incidents no system is at fault: there it is an incident that lacks
    something, in the test that is named."""
    red: dict[str, list[str]] = defaultdict(list)
    for path in sorted(DEFECTS.rglob("*")):
        if path.suffix in (".py", ".sql", ".toml"):
            for check in dict.fromkeys(_RED.findall(path.read_text(encoding="utf-8"))):
                red[check].append(path.stem)
    at_fault = {path.name: path.read_text(encoding="utf-8") for path in sorted(AT_FAULT.glob("test_checks_*.py"))}
    for clause in clauses().values():
        found: dict[str, tuple[str, ...]] = {}
        for check in clause.checks:
            function = check.rpartition("::")[2]
            tests = [file for file, text in at_fault.items() if re.search(rf"\b{function}\b", text)]
            found[name(check)] = tuple(red[function]) or tuple(tests if "incident" in clause.section else ())
        yield Covered(clause, found)
