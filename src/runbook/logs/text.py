"""What `runbook logs` prints: tables, and for what stands out what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from runbook.logs.classes import classes
from runbook.logs.lines import shown

if TYPE_CHECKING:
    from runbook.logs.api_log import ApiReport
    from runbook.logs.database_log import DatabaseReport
    from runbook.logs.lines import Read
    from runbook.logs.report import Report

WORDS = {"api": "API's log", "decisions": "decisions", "database": "database's log"}
MOST = 40
SHOWN = 5


class Line(NamedTuple):
    """A line, and whether it is bad news, a title or neither."""

    text: str
    tone: Literal["bad", "title", "plain"] = "plain"


def as_text(report: Report) -> Iterator[Line]:
    """Every log in turn."""
    yield Line(f"{report.settings.name}, {report.window}", "title")
    for name, why in report.unread.items():
        yield Line(f"nothing is concluded from the {WORDS[name]}: {why}", "bad")
    if report.api is not None:
        yield from _api(report, report.api)
    if report.agreement is not None:
        yield from _decisions(report)
    if report.database is not None:
        yield from _database(report, report.database)


def _api(report: Report, api: ApiReport) -> Iterator[Line]:
    yield Line(f"API: {api.requests} requests, {_read(api.read)}", "title")
    groups = sorted(api.groups.items(), key=lambda entry: (0 < entry[0].status < 500, -entry[1].count))
    rows = [("status", "domain code", "route", "event", "count", "rate", "first seen", "last seen")]
    bad = [False]
    unknown = report.unknown_codes()
    for kind, group in groups[:MOST]:
        rate = f"{group.count / max(api.requests, 1):.2%}"
        code = f"{kind.code} (unknown)" if kind.code in unknown else kind.code or "none"
        times = (shown(group.first), shown(group.last))
        rows.append((str(kind.status or "-"), code, kind.route, kind.event or "-", str(group.count), rate, *times))
        bad.append(kind.status >= 500 or not kind.status or kind.code is None or kind.code in unknown)
    if len(rows) > 1:
        yield from _table(rows, bad)
    if len(groups) > MOST:
        yield Line(f"  and {len(groups) - MOST} groups more (--json shows them)")
    for request, told in report.behind.items():
        yield Line(f"  request {request}")
        yield from (Line(f"    {line}") for line in told[:SHOWN])


def _decisions(report: Report) -> Iterator[Line]:
    found = report.agreement
    if found is None:
        return
    yield Line(f"Decisions: {found.logged} in the API's log, {found.entered} in the audit log", "title")
    for ids, why in ((found.without_entry, "logged, without an audit entry"), (found.without_line, "not in the log")):
        if ids:
            more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
            yield Line(f"  {why}: {', '.join(ids[:SHOWN])}{more}", "bad")


def _database(report: Report, database: DatabaseReport) -> Iterator[Line]:
    own = f"; {database.own} errors of this suite's own sessions are left out" if database.own else ""
    yield Line(f"Database: {_read(database.read)}{own}", "title")
    for name, one in classes().items():
        findings = database.found.get(name)
        if not findings:
            continue
        tone: Literal["bad", "plain"] = "bad" if report.too_many(name) else "plain"
        yield Line(f"  {one.severity}  {name}: {database.count(name)}", tone)
        for finding, seen in sorted(findings.items(), key=lambda entry: -entry[1].count)[:SHOWN]:
            yield Line(f"      {seen.count}  {finding}  {shown(seen.first)} to {shown(seen.last)}")
        for language in report.settings.languages:
            yield Line(f"      {one.remedy[language]}")


def _read(read: Read) -> str:
    malformed = f", {read.malformed} of them malformed ({'; '.join(read.places)})" if read.malformed else ""
    return f"{read.lines} lines{malformed}"


def _table(rows: Sequence[tuple[str, ...]], bad: Sequence[bool]) -> Iterator[Line]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, is_bad in zip(rows, bad, strict=True):
        cells = [
            cell.rjust(width) if index in (4, 5) else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield Line(f"  {'  '.join(cells)}".rstrip(), "bad" if is_bad else "plain")


def as_json(report: Report) -> dict[str, object]:
    """The same for other programs; times in ISO 8601, UTC."""
    api, database, agreed = report.api, report.database, report.agreement
    return {
        "target": report.settings.name,
        "since": report.window.since.isoformat(),
        "until": report.window.until.isoformat(),
        "why": report.window.why,
        "unread": report.unread,
        "api": None
        if api is None
        else {
            "requests": api.requests,
            **_counts(api.read),
            "unknown_codes": report.unknown_codes(),
            "groups": [
                {
                    **kind._asdict(),
                    "count": group.count,
                    "rate": group.count / max(api.requests, 1),
                    "of_route": group.count / max(api.routes.get(kind.route, 0), 1),
                    "first": group.first.isoformat(),
                    "last": group.last.isoformat(),
                    "requests": group.requests,
                }
                for kind, group in sorted(api.groups.items(), key=lambda entry: -entry[1].count)
            ],
            "behind": report.behind,
        },
        "decisions": None
        if agreed is None
        else {
            "logged": agreed.logged,
            "entered": agreed.entered,
            "without_entry": agreed.without_entry,
            "without_line": agreed.without_line,
        },
        "database": None
        if database is None
        else {
            **_counts(database.read),
            "own": database.own,
            "classes": {
                name: {
                    "severity": classes()[name].severity,
                    "count": database.count(name),
                    "findings": [
                        {
                            **finding._asdict(),
                            "count": seen.count,
                            "first": seen.first.isoformat(),
                            "last": seen.last.isoformat(),
                        }
                        for finding, seen in findings.items()
                    ],
                    "remedy": classes()[name].remedy,
                }
                for name, findings in database.found.items()
            },
        },
    }


def _counts(read: Read) -> dict[str, object]:
    return {"lines": read.lines, "malformed": read.malformed, "malformed_at": read.places, "in_the_future": read.ahead}
