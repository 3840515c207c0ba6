"""The logs endpoint of Supabase's management API: rows of a query, a span of time at a time.

It looks at 24 hours at most, and hands out no more than a thousand rows (supabase.com/changelog/34634).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from runbook.errors import Unreachable, Unverified
from runbook.logs.sources import Block

if TYPE_CHECKING:
    import httpx

    from runbook.logs.window import Window
    from runbook.settings_logs import LogSource

MOST_ROWS = 1000
LONGEST_SPAN = timedelta(hours=24)
SHORTEST_SPAN = timedelta(milliseconds=2)


def from_endpoint(source: LogSource, window: Window) -> Iterator[Block]:
    """The rows of the window, each as a line of JSON. A span that has too many is cut in half."""
    import httpx

    token = source.token.get_secret_value() if source.token is not None else ""
    with httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=source.seconds) as client:
        spans = [(window.since, window.until)]
        first = 1
        while spans:
            begin, end = spans.pop()
            if end - begin > LONGEST_SPAN:
                spans += [(begin + LONGEST_SPAN, end), (begin, begin + LONGEST_SPAN)]
                continue
            rows = _rows(client, source, begin, end)
            if len(rows) >= MOST_ROWS:
                if end - begin < SHORTEST_SPAN:
                    raise Unverified(f"the logs endpoint has more than {MOST_ROWS} lines of one moment, {begin}")
                middle = begin + (end - begin) / 2
                spans += [(middle, end), (begin, middle)]
                continue
            if rows:
                yield Block("the logs endpoint", first, b"".join(bytes(row) + b"\n" for row in rows))
                first += len(rows)


class _Answer(msgspec.Struct):
    result: list[msgspec.Raw] | None = None
    error: object = None


def _rows(client: httpx.Client, source: LogSource, begin: datetime, end: datetime) -> list[msgspec.Raw]:
    import httpx

    span = {"iso_timestamp_start": begin.isoformat(), "iso_timestamp_end": end.isoformat()}
    try:
        answer = client.get(str(source.url), params={"sql": str(source.sql), **span})
    except httpx.HTTPError as error:
        raise Unreachable(f"the logs endpoint gave no answer ({type(error).__name__})") from None
    if answer.status_code != httpx.codes.OK:
        raise Unverified(f"the logs endpoint answered {answer.status_code}")
    try:
        content = msgspec.json.decode(answer.content, type=_Answer)
    except msgspec.DecodeError:
        raise Unverified("the logs endpoint did not answer with rows") from None
    if content.result is None or content.error:
        raise Unverified("the logs endpoint refused the query (sql)")
    return content.result
