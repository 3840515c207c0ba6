"""The API's log: its refusals and failures by domain code, route and event, and the decisions that it tells of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from runbook.logs.lines import Lines, Read, latest, shown
from runbook.logs.sources import blocks
from runbook.logs.window import time_of

if TYPE_CHECKING:
    from runbook.logs.sources import Block
    from runbook.logs.window import Window
    from runbook.settings import Settings
    from runbook.settings_logs import ApiLog

CODE = re.compile(r"[A-Za-z][\w.:-]{0,63}")
WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}|v\d{1,3}|")
IDENTIFIER = re.compile(r"[\w.:-]{1,64}")
MOST = 5000
"""Different groups, routes or request ids that are kept: a log that makes up new ones does not fill the memory."""
OTHERS = "(others)"
LEVELS = frozenset({"error", "critical", "fatal", "panic", "alert", "emerg", "emergency"})
LEVEL_ERROR = 50
"""Of pino and bunyan, which count levels."""
REQUESTS_KEPT = 5


class Kind(NamedTuple):
    """What refusals and failures are grouped by. `status` 0: an error that is told outside of any request."""

    status: int
    code: str | None
    route: str
    event: str | None


@dataclass(slots=True)
class Group:
    """How often something was answered, when first and last, and the ids of some of the requests."""

    count: int
    first: datetime
    last: datetime
    requests: list[str] = field(default_factory=list)


class Answered(NamedTuple):
    """What the log says of one request."""

    time: datetime
    status: int
    code: str | None


class Made(NamedTuple):
    """When a decision was logged, and by which request."""

    time: datetime
    request: str | None


@dataclass(slots=True)
class ApiReport:
    """What the API's log says of a window. `decisions`: by their ids; `followed`: the requests that were asked
    about."""

    window: Window
    read: Read = field(default_factory=Read)
    requests: int = 0
    other: int = 0
    groups: dict[Kind, Group] = field(default_factory=dict)
    routes: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, Made] = field(default_factory=dict)
    followed: dict[str, Answered] = field(default_factory=dict)

    @property
    def server_errors(self) -> list[tuple[Kind, Group]]:
        """Answers of 500 and above, and errors outside of any request."""
        return [(kind, group) for kind, group in self.groups.items() if kind.status >= 500 or kind.status == 0]

    @property
    def without_code(self) -> list[tuple[Kind, Group]]:
        """Refusals and failures that name no domain code."""
        return [(kind, group) for kind, group in self.groups.items() if kind.status and kind.code is None]

    def times(self, code: str) -> int:
        """How often a domain code was answered."""
        return sum(group.count for kind, group in self.groups.items() if kind.code == code)

    def codes(self) -> list[str]:
        """Every domain code that was answered, the most frequent first."""
        found = {kind.code for kind in self.groups if kind.code is not None}
        return sorted(found, key=lambda code: (-self.times(code), code))


def known_codes(settings: Settings) -> list[str]:
    """The domain codes that the settings know, those of [logs.codes] and of [api.errors]."""
    errors = settings.api.errors
    codes = settings.logs.codes if settings.logs is not None else {}
    return list(dict.fromkeys([*codes, *errors.unauthenticated, *errors.event_required, *errors.event_denied]))


def told(found: list[tuple[Kind, Group]]) -> str:
    """The most frequent of some groups, in a line."""
    if not found:
        return "nothing"
    kind, group = max(found, key=lambda entry: entry[1].count)
    what = f"{kind.status} {kind.code or 'without a code'}" if kind.status else "an error outside of any request"
    of = f", request {group.requests[0]}" if group.requests else ""
    more = f"; and {len(found) - 1} groups more" if len(found) > 1 else ""
    return f"{group.count} times {what} at {kind.route}, last {shown(group.last)} UTC{of}{more}"


def read_log(log: ApiLog, window: Window, apart: float, follow: Collection[str] = ()) -> ApiReport:
    """Read the API's log once, in constant memory. `apart`: seconds that its clock may be ahead. Raises Unverified."""
    return tally(blocks(log, window), log, window, apart, follow)


def tally(found: Iterable[Block], log: ApiLog, window: Window, apart: float, follow: Collection[str] = ()) -> ApiReport:
    """Count what the lines of some blocks say."""
    report = ApiReport(window)
    read = report.read
    names = log.fields
    hot = [names.time, names.status, names.method, names.route, names.request, names.level, names.decision]
    only = list(log.decision_only.items())
    lines = Lines([*hot, names.code, names.event, *(path for path, _ in only)])
    routes: dict[str, int] = {}
    requests = other = 0
    for block in found:
        limit = latest(apart)
        for number, values in enumerate(lines.of(block, read), block.first):
            if not values:
                continue
            moment = time_of(values[0])
            if moment is None:
                read.is_malformed(block.source, number, f"no time at {names.time}")
                continue
            if not read.in_window(moment, window, limit):
                continue
            status = values[1]
            if type(status) is not int:
                status = _status(status)
            if values[6] is not None and all(str(values[9 + n]) == wanted for n, (_, wanted) in enumerate(only)):
                report.decisions[str(values[6])] = Made(moment, _identifier(values[4]))
            if status is None:
                other += 1
                if values[6] is None and _is_error(values[5]):
                    _add(report, Kind(0, _code(values[7]), "-", None), moment, values[4])
                continue
            requests += 1
            route = _route(values[2], values[3])
            routes[route] = routes.get(route, 0) + 1
            if len(routes) > MOST:
                routes[OTHERS] = routes.get(OTHERS, 0) + routes.pop(route)
            if status >= 400:
                _add(report, Kind(status, _code(values[7]), route, _identifier(values[8])), moment, values[4])
            if follow and values[4] in follow:
                report.followed[values[4]] = Answered(moment, status, _code(values[7]))
    report.requests, report.other, report.routes = requests, other, routes
    return report


def _add(report: ApiReport, kind: Kind, moment: datetime, request: object) -> None:
    if kind not in report.groups and len(report.groups) >= MOST:
        kind = Kind(kind.status, kind.code, OTHERS, None)
        if kind not in report.groups and len(report.groups) >= 2 * MOST:
            kind = Kind(kind.status, OTHERS if kind.code is not None else None, OTHERS, None)
    group = report.groups.get(kind)
    if group is None:
        group = report.groups[kind] = Group(0, moment, moment)
    group.count += 1
    group.first, group.last = min(group.first, moment), max(group.last, moment)
    if len(group.requests) < REQUESTS_KEPT and (named := _identifier(request)) is not None:
        group.requests.append(named)


def _status(value: object) -> int | None:
    """The status, also where it is written as text or as 200.0; None for a line that is of no request."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) == 3:
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _is_error(level: object) -> bool:
    if isinstance(level, str):
        return level.lower() in LEVELS
    return isinstance(level, int) and not isinstance(level, bool) and level >= LEVEL_ERROR


def _code(value: object) -> str | None:
    """A domain code; what is none, a sentence say, may quote data and is not kept."""
    return value if isinstance(value, str) and CODE.fullmatch(value) else None


def _identifier(value: object) -> str | None:
    text = str(value) if isinstance(value, str | int) else ""
    return text if IDENTIFIER.fullmatch(text) else None


def _route(method: object, path: object) -> str:
    return _named(method if isinstance(method, str) else "", path) if isinstance(path, str) else "-"


@lru_cache(MOST)
def _named(method: str, path: str) -> str:
    """A method and a path as one route: what may be an id or a name in the path becomes {}, a query is left out."""
    steps = path.partition("?")[0].partition("#")[0].split("/")[:12]
    kept = [step if WORD.fullmatch(step) or re.fullmatch(r"[{<:][\w:]{1,40}[}>]?", step) else "{}" for step in steps]
    return f"{method if re.fullmatch('[A-Z]{3,7}', method) else ''} {'/'.join(kept)}".strip()
