"""Where a run took place and with what: the first line of its record, and the database's own word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runbook.evidence.page.text import View, cut, plain
from runbook.evidence.page.words import WORDS

if TYPE_CHECKING:
    from runbook.evidence.run import Run

ORDER = (
    *("sections", "suite", "commit", "pytest", "python", "system", "api"),
    *("postgres", "tables", "population", "rls", "policies"),
)
ELSEWHERE = ("type", "at", "previous", "target", "severity", "by", "host", "clean", "alarms")
"""What the page tells in another place, or is no fact of the run."""


def environment(run: Run) -> Iterator[View]:
    """What is known, in the order in which one asks for it, then whatever else the record's first line holds."""
    left = {name: value for name, value in run.start.items() if name not in ELSEWHERE}
    for name in ORDER:
        value = _servers(run) if name == "postgres" else left.pop(name, None)
        if value is not None:
            yield _entry(name, "", value)
    for name, value in left.items():
        for part, one in (value if isinstance(value, dict) else {"": value}).items():
            yield _entry(name, str(part), one)


def _entry(name: str, part: str, value: object) -> View:
    return {"word": name if name in WORDS else None, "name": cut(name), "part": cut(part), "value": plain(value)}


def _servers(run: Run) -> list[str] | None:
    seen = (fact for record in run.checks.values() for fact in record.observation if fact.get("kind") == "database")
    return sorted(_server(version) for version in {fact.get("server") for fact in seen} - {None}) or None


def _server(version: object) -> str:
    """A version as PostgreSQL numbers them: 180004 is 18.4."""
    return f"PostgreSQL {version // 10000}.{version % 10000}" if isinstance(version, int) else plain(version)
