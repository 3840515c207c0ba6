"""PostgreSQL's log: what in it touches the integrity of the data, by class, role and constraint."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from runbook.database.connection import APPLICATION_NAME
from runbook.logs.classes import OBJECT, classes, classes_of, object_in
from runbook.logs.formats import entries
from runbook.logs.lines import Read, latest
from runbook.logs.sources import blocks

if TYPE_CHECKING:
    from runbook.logs.sources import Block
    from runbook.logs.window import Window
    from runbook.settings_logs import DatabaseLog

MOST = 1000
STATE = re.compile(r"[0-9A-Z]{5}")


class Finding(NamedTuple):
    """What lines of a class are grouped by: SQLSTATE, role, and the constraint or relation that the server names."""

    state: str | None
    role: str | None
    object: str | None

    def __str__(self) -> str:
        named = (("", self.state), ("role ", self.role), ("on ", self.object))
        return ", ".join(f"{word}{value}" for word, value in named if value is not None) or "no SQLSTATE"


@dataclass(slots=True)
class Seen:
    """How often, when first and last."""

    count: int
    first: datetime
    last: datetime


@dataclass(slots=True)
class DatabaseReport:
    """What the database's log says of a window. `own`: errors of this suite's own sessions, which are not judged;
    `followed`: what the log says of the sessions that were asked about, by their application name."""

    window: Window
    read: Read = field(default_factory=Read)
    found: dict[str, dict[Finding, Seen]] = field(default_factory=dict)
    own: int = 0
    followed: dict[str, list[str]] = field(default_factory=dict)

    def count(self, name: str) -> int:
        """How many lines are of a class."""
        return sum(seen.count for seen in self.found.get(name, {}).values())

    def most(self, name: str) -> str:
        """What a class is about, in words: its most frequent finding."""
        findings = self.found.get(name, {})
        return str(max(findings, key=lambda finding: findings[finding].count)) if findings else ""


def read_log(log: DatabaseLog, window: Window, apart: float, follow: Collection[str] = ()) -> DatabaseReport:
    """Read the database's log once, in constant memory. `apart`: seconds that its clock may be ahead."""
    return tally(blocks(log, window), log, window, apart, follow)


def tally(
    found: Iterable[Block], log: DatabaseLog, window: Window, apart: float, follow: Collection[str] = ()
) -> DatabaseReport:
    """Count what the messages in some blocks say."""
    report = DatabaseReport(window)
    read = report.read
    limit = latest(apart)
    for entry in entries(log, found, read):
        if entry.time > limit:
            limit = latest(apart)
        if not read.in_window(entry.time, window, limit):
            continue
        if entry.application is not None and entry.application in follow:
            told = report.followed.setdefault(entry.application, [])
            if len(told) < MOST:
                told.append(" ".join(filter(None, (entry.severity, _state(entry.state), object_in(entry.message)))))
        names = classes_of(entry.severity, entry.state, entry.message)
        if names and (entry.application or "").startswith(APPLICATION_NAME):
            names = tuple(name for name in names if classes()[name].always)
            report.own += not names
        for name in names:
            _add(report.found.setdefault(name, {}), entry.time, _finding(entry.state, entry.role, entry.message))
    return report


def _finding(state: str | None, role: str | None, message: str) -> Finding:
    return Finding(_state(state), role if role and OBJECT.fullmatch(role) else None, object_in(message))


def _state(state: str | None) -> str | None:
    return state if state and STATE.fullmatch(state) else None


def _add(findings: dict[Finding, Seen], moment: datetime, finding: Finding) -> None:
    if finding not in findings and len(findings) >= MOST:
        finding = Finding(finding.state, None, None)
    seen = findings.setdefault(finding, Seen(0, moment, moment))
    seen.count += 1
    seen.first, seen.last = min(seen.first, moment), max(seen.last, moment)
