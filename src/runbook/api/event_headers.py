"""Event contexts that name no usable event: each must be refused, with the guard's own error and no data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Refusal = Literal["event_required", "event_denied"]

UNKNOWN_EVENT = "6d1f3c52-7b0e-4d0a-9a35-0f6c1f4e8b77"
"""An identifier that belongs to no event."""


@dataclass(frozen=True, slots=True)
class EventHeader:
    """The values of the event header in one request, made from the caller's own event and a foreign one."""

    name: str
    values: Callable[[str, str], list[str | bytes]]
    refused_as: tuple[Refusal, ...] = ("event_required", "event_denied")
    event_in_query: bool = False

    def __str__(self) -> str:
        return self.name


UNUSABLE_EVENT_HEADERS = (
    EventHeader("absent", lambda own, foreign: [], ("event_required",)),
    EventHeader("empty", lambda own, foreign: [""], ("event_required",)),
    # A parser strips spaces and tabs (RFC 9110, 5.5); a no-break space arrives, and is blank all the same.
    EventHeader("blank", lambda own, foreign: [b"\xa0"], ("event_required",)),
    EventHeader("malformed", lambda own, foreign: ["not-an-event"]),
    EventHeader("cut short", lambda own, foreign: [own[:-1]]),
    EventHeader("unknown event", lambda own, foreign: [UNKNOWN_EVENT], ("event_denied",)),
    EventHeader("another's event", lambda own, foreign: [foreign], ("event_denied",)),
    EventHeader("two headers, own first", lambda own, foreign: [own, foreign]),
    EventHeader("two headers, own last", lambda own, foreign: [foreign, own]),
    EventHeader("comma list", lambda own, foreign: [f"{own},{foreign}"]),
    EventHeader("over-long", lambda own, foreign: [own + "0" * 8000]),
    EventHeader("non-ASCII", lambda own, foreign: ["\uff11" + own[1:]]),  # a full-width digit one
    EventHeader("injected SQL", lambda own, foreign: [f"{own}' or '1'='1"]),
    EventHeader("nil UUID", lambda own, foreign: [str(UUID(int=0))]),
    EventHeader("event in the query instead", lambda own, foreign: [], ("event_required",), event_in_query=True),
)
