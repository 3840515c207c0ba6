"""The classes that lines of PostgreSQL's log fall into, read from `postgres.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from runbook.clauses import Language, Severity

MILD = frozenset({"LOG", "INFO", "NOTICE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5"})
"""Severities that report no error, whatever SQLSTATE stands beside them."""
NAMES = (
    re.compile(r'(?:unique|exclusion|foreign key|check|not-null) constraint "(?P<name>[^"]+)"'),
    re.compile(r'row-level security policy (?:"[^"]*" )?(?:\(.*\) )?for (?:table|relation) "(?P<name>[^"]+)"'),
    re.compile(r'query would be affected by row-level security policy for table "(?P<name>[^"]+)"'),
    re.compile(r"(?:permission denied for|must be owner of) [a-z -]+? (?P<name>\S+)$"),
    re.compile(r'null value in column "[^"]+" of relation "(?P<name>[^"]+)"'),
)
"""Where the server itself names a constraint or a relation. Nothing else of a message is kept: it may quote a row."""
OBJECT = re.compile(r"[\w$.-]{1,63}")


@dataclass(frozen=True, slots=True)
class LineClass:
    """What some lines mean: how bad it is, what to do, and by what they are told."""

    name: str
    severity: Severity
    always: bool
    remedy: dict[Language, str]
    severities: frozenset[str]
    states: tuple[str, ...]
    texts: re.Pattern[str] | None
    instead: re.Pattern[str] | None
    demanded: str
    excluded: str

    def fits(self, severity: str, state: str | None, message: str) -> bool:
        """Whether a line is of this class."""
        if severity in self.severities or (self.texts is not None and self.texts.match(message)):
            return True
        if severity in MILD:
            return False
        if state is not None:
            told = state.startswith(self.states)
        else:
            told = self.instead is not None and self.instead.match(message) is not None
        return told and self.demanded in message and not (self.excluded and self.excluded in message)


@cache
def classes() -> dict[str, LineClass]:
    """Every class by its name."""
    document = tomllib.loads(files("runbook.logs").joinpath("postgres.toml").read_text(encoding="utf-8"))
    return {name: _class(name, entry) for name, entry in document.items()}


@lru_cache(4096)
def classes_of(severity: str, state: str | None, message: str) -> tuple[str, ...]:
    """The names of the classes that a line belongs to."""
    return tuple(one.name for one in classes().values() if one.fits(severity, state, message))


def object_in(message: str) -> str | None:
    """The constraint or relation that the server names in its message, and nothing else of it."""
    for pattern in NAMES:
        if (found := pattern.search(message)) is not None:
            return found["name"] if OBJECT.fullmatch(found["name"]) else None
    return None


def _class(name: str, entry: dict[str, object]) -> LineClass:
    def listed(key: str) -> tuple[str, ...]:
        found = entry.get(key, [])
        return tuple(map(str, found)) if isinstance(found, list) else ()

    def pattern(key: str) -> re.Pattern[str] | None:
        return re.compile("|".join(listed(key))) if listed(key) else None

    remedy, severity = entry["remedy"], entry["severity"]
    if not isinstance(remedy, dict) or severity not in ("P0", "P1", "P2"):
        raise ValueError(f"postgres.toml: {name}")
    return LineClass(
        name=name,
        severity=severity,
        always=entry.get("always") is True,
        remedy=remedy,
        severities=frozenset(listed("severities")),
        states=listed("states"),
        texts=pattern("texts"),
        instead=pattern("instead"),
        demanded=str(entry.get("and", "")),
        excluded=str(entry.get("but", "")),
    )
