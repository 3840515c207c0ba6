"""PostgreSQL's log formats: jsonlog, csvlog and stderr, each read into the same entries.

https://www.postgresql.org/docs/current/runtime-config-logging.html
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from runbook.errors import Unverified
from runbook.logs.lines import Lines, Read
from runbook.logs.window import time_of

if TYPE_CHECKING:
    from datetime import datetime

    from runbook.logs.sources import Block
    from runbook.settings_logs import DatabaseLog


class Entry(NamedTuple):
    """One message of the server, without its details, its statement and its parameters: they quote rows."""

    time: datetime
    severity: str
    state: str | None
    message: str
    role: str | None
    application: str | None


JSON_NAMES = (
    ("timestamp",),
    ("error_severity",),
    ("state_code", "sql_state_code"),
    ("message", "event_message"),
    ("user", "user_name"),
    ("application_name",),
)
"""The server's own names, and those of the rows that Supabase's logs endpoint gives."""
CSV_TIME, CSV_USER, CSV_SEVERITY, CSV_STATE, CSV_MESSAGE, CSV_APPLICATION = 0, 1, 11, 12, 13, 22
CSV_WIDTHS = (23, 24, 26)
"""Columns in PostgreSQL up to 12, 13, and from 14 on."""
CSV_START = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
CSV_LONGEST = 1 << 20
SEVERITIES = "DEBUG[1-5]|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC"
PARTS = "DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE"
ESCAPES = {
    "m": r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [\w+:-]+)",
    "t": r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [\w+:-]+)",
    "n": r"(?P<time>\d+\.\d+)",
    "e": r"(?P<state>[0-9A-Z]{5})",
    "u": r"(?P<role>.*?)",
    "a": r"(?P<application>.*?)",
}


def entries(log: DatabaseLog, found: Iterable[Block], read: Read) -> Iterator[Entry]:
    """The messages in some blocks; what cannot be read is counted. Raises Unverified where the prefix has no time."""
    if log.format == "stderr":
        return _from_stderr(prefix(log.line_prefix), found, read)
    return _from_csv(found, read) if log.format == "csvlog" else _from_json(found, read)


def prefix(setting: str) -> re.Pattern[str]:
    """How a line begins by `log_line_prefix`, up to its message. Raises Unverified."""
    pattern, optional, named = "", False, set()
    for literal, escape in re.findall(r"([^%]+)|%-?\d*(.)", setting):
        if literal or escape == "%":
            pattern += re.escape(literal or "%")
        elif escape == "q":
            pattern, optional = f"{pattern}(?:", True
        else:
            group = ESCAPES.get(escape, r".*?")
            name = re.match(r"\(\?P<(\w+)>", group)
            pattern += r".*?" if name is not None and name[1] in named else group
            named |= {name[1]} if name is not None else set()
    if "time" not in named:
        raise Unverified("the log_line_prefix (logs.database.line_prefix) has no time in it: use %m")
    pattern += ")?" if optional else ""
    return re.compile(rf"{pattern}\s*(?:(?P<severity>{SEVERITIES})|(?P<part>{PARTS})): +(?P<message>.*)")


def _from_json(found: Iterable[Block], read: Read) -> Iterator[Entry]:
    lines = Lines([name for names in JSON_NAMES for name in names])
    for block in found:
        for number, values in enumerate(lines.of(block, read), block.first):
            if not values:
                continue
            time, severity, state, other, message, text, user, user_name, application = values
            moment = time_of(time)
            message = message if message is not None else text
            if moment is None or not isinstance(severity, str):
                read.is_malformed(block.source, number, "no timestamp" if moment is None else "no error_severity")
                continue
            yield _entry(moment, severity, state or other, message, user or user_name, application)


def _from_csv(found: Iterable[Block], read: Read) -> Iterator[Entry]:
    """A record goes on over lines as long as a quote is open."""
    record, begun = b"", 0
    where = ""
    for block in found:
        for number, line in enumerate(block.data.splitlines(keepends=True), block.first):
            if record and (where != block.source or (len(record) > CSV_LONGEST and CSV_START.match(line))):
                read.lines += 1
                read.is_malformed(where, begun, "a record that does not end")
                record = b""
            if not record:
                where, begun = block.source, number
            record += line
            if record.count(b'"') % 2 == 0:
                if record.strip():
                    read.lines += 1
                    yield from _of_record(record, partial(read.is_malformed, where, begun))
                record = b""
    if record.endswith(b"\n"):  # without that end it is still being written
        read.lines += 1
        read.is_malformed(where, begun, "a record that does not end")


def _of_record(record: bytes, is_malformed: Callable[[str], None]) -> Iterator[Entry]:
    try:
        [row] = csv.reader([record.decode("utf-8", "replace")], strict=True)
    except (csv.Error, ValueError):
        is_malformed("no record of csvlog")
        return
    moment = time_of(row[CSV_TIME])
    if len(row) not in CSV_WIDTHS or moment is None:
        is_malformed("no record of csvlog")
        return
    yield _entry(moment, row[CSV_SEVERITY], row[CSV_STATE], row[CSV_MESSAGE], row[CSV_USER], row[CSV_APPLICATION])


def _from_stderr(pattern: re.Pattern[str], found: Iterable[Block], read: Read) -> Iterator[Entry]:
    """A line that begins with a tab goes on with the one before it (`elog.c` puts it there)."""
    for block in found:
        lines = block.data.split(b"\n")
        for number, raw in enumerate(lines, block.first):
            if raw.startswith(b"\t") or not raw.strip():
                continue
            line = pattern.match(raw.decode("utf-8", "replace"))
            moment = time_of(_of_epoch(line["time"])) if line is not None else None
            if line is None or moment is None:
                if number == block.first + len(lines) - 1:
                    continue  # without its end it is still being written
                read.lines += 1
                read.is_malformed(block.source, number, "not as log_line_prefix says" if line is None else "no time")
                continue
            read.lines += 1
            if line["severity"] is not None:
                known = line.groupdict()
                yield _entry(
                    moment,
                    line["severity"],
                    known.get("state"),
                    line["message"],
                    known.get("role"),
                    known.get("application"),
                )


def _of_epoch(text: str) -> str | float:
    return text if "-" in text else float(text)


def _entry(time: datetime, severity: str, state: object, message: object, role: object, application: object) -> Entry:
    return Entry(time, severity.upper(), _text(state), _text(message) or "", _text(role), _text(application))


def _text(value: object) -> str | None:
    """A text that says something; an empty one and the server's own `[unknown]` do not."""
    return value if isinstance(value, str) and value not in ("", "[unknown]") else None
