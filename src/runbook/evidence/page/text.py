"""What a record holds, as text that a page can show: plain, and no longer than anybody reads."""

from __future__ import annotations

import re
from datetime import datetime

from runbook.evidence import summary
from runbook.evidence.chain import canonical

View = dict[str, object]
"""What the template is given of one thing."""

REASON_LENGTH = 1000
_UNSHOWABLE = re.compile(
    # What HTML forbids, half of a character, and what makes text read in another order than it is written.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)


def showable(text: str) -> str:
    """The text, with a mark in place of each character that no page may hold."""
    return _UNSHOWABLE.sub("\ufffd", text)


def cut(text: str, length: int = 300) -> str:
    """The text, or its beginning."""
    return text if len(text) <= length else f"{text[:length]}…"


def name(check: str) -> str:
    """A check's name in words."""
    return cut(summary.name(check))


def parameter(check: str) -> str:
    """What a check was run with, empty where it has no parameter."""
    return cut(summary.parameter(check))


def plain(value: object) -> str:
    """A value of the record as text."""
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return cut(value if isinstance(value, str) else canonical(value).decode("utf-8", "replace"), REASON_LENGTH)


def moment(time: datetime | None) -> str | None:
    """A time (UTC), to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else None


def duration(seconds: float) -> str:
    """How long something took, in the units in which one says it."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"
