"""Whom an incident met: the errors that the API's log has of its time, counted by code, route and event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.evidence.page.text import moment

if TYPE_CHECKING:
    from runbook.settings import Settings

MOST = 20
"""Groups that a report tells, the most frequent first; what comes after them is counted together."""


def counted(settings: Settings, begin: datetime, end: datetime) -> Iterator[dict[str, object]]:
    """The refusals and failures from `begin` to `end` (UTC). Raises Unverified when the log cannot be read."""
    from runbook.logs.api_log import read_log
    from runbook.logs.window import Window

    if settings.logs is None or settings.logs.api is None:
        raise Unverified("the settings name no log of the API (logs.api)")
    report = read_log(settings.logs.api, Window(begin, end, "the incident"), settings.logs.clocks_apart)
    groups = sorted(report.groups.items(), key=lambda one: -one[1].count)
    for kind, group in groups[:MOST]:
        yield {
            "status": kind.status,
            "code": kind.code or "",
            "route": kind.route,
            "event": kind.event or "",
            "count": group.count,
            "first": moment(group.first),
            "last": moment(group.last),
        }
    if rest := sum(group.count for _, group in groups[MOST:]):
        yield {"status": "", "code": "...", "route": "", "event": "", "count": rest, "first": "", "last": ""}
