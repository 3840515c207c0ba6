"""Since when a log is read, and what the times in its lines mean. All times are UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.api.client import Client
    from runbook.settings import Settings

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "WIB": 7, "WITA": 8, "WIT": 9}
"""Zones by their abbreviation, in hours: UTC and Indonesia's. Others mean different things in different places."""

_ZONED = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?) ?([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?)")
_SINCE_2001 = 1_000_000_000
"""Seconds; what is a thousand times greater counts in milliseconds, and so on."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is looked at, and why it begins there."""

    since: datetime
    until: datetime
    why: str

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M:%S} to {self.until:%Y-%m-%d %H:%M:%S} UTC ({self.why})"


def time_of(value: object) -> datetime | None:
    """The time that a log means: ISO 8601, PostgreSQL's own form, or a number since 1970; None when it is none of them.

    Without a zone it is UTC. Numbers count in seconds, milliseconds, microseconds or nanoseconds, by their size.
    """
    if isinstance(value, str):
        try:  # PostgreSQL's own form first: it is in every line of its log
            found = datetime.fromisoformat(value.removesuffix(" UTC"))
        except ValueError:
            return _zoned(value)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= _SINCE_2001:
        try:
            for _ in range(3):
                if value >= _SINCE_2001 * 1000:
                    value /= 1000
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None


def _zoned(value: str) -> datetime | None:
    if (found := _ZONED.fullmatch(value)) is None:
        return None
    text, zone = found[1].replace(",", "."), found[2]
    try:
        if zone[0] in "+-":
            return datetime.fromisoformat(text + zone)
        hours = ZONES[zone]
        return datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=hours)) if hours else UTC)
    except (KeyError, ValueError):
        return None


def since(text: str, now: datetime) -> datetime:
    """What `--since` means: `90m`, `24h`, `7d`, or a date or time in ISO 8601. Raises ValueError."""
    if found := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return now - timedelta(seconds=int(found[1]) * UNITS[found[2]])
    moment = time_of(text)
    if moment is None:
        raise ValueError(f"{text} is neither a span such as 90m, 24h or 7d nor a time such as 2026-01-31T09:30:00Z")
    if moment > now:
        raise ValueError(f"{text} lies in the future")
    return moment


def window(settings: Settings, client: Client, asked: str | None) -> Window:
    """From what was asked for, else from the last deploy, else as the settings say. Raises Unverified, ValueError."""
    now = datetime.now(UTC)
    if asked is not None:
        return Window(since(asked, now), now, f"--since {asked}")
    deployed_at = settings.release.deployed_at
    if settings.release.route is not None and deployed_at is not None:
        answer = client.get(settings.release.route)
        found = [time_of(value) for value in answer.values_at(deployed_at)] if answer.ok else []
        if len(found) != 1 or found[0] is None:
            raise Unverified(f"GET {settings.release.route} answers {answer.status} without one time at {deployed_at}")
        if found[0] > now + timedelta(seconds=_apart(settings)):
            raise Unverified(f"GET {settings.release.route} names a deploy in the future: the clocks are apart")
        return Window(min(found[0], now), now, "since the last deploy")
    span = settings.logs.since if settings.logs is not None else "24h"
    return Window(since(span, now), now, f"the last {span}, because nothing says when the last deploy was")


def _apart(settings: Settings) -> float:
    return settings.logs.clocks_apart if settings.logs is not None else 0
