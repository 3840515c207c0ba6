"""What the tests of the logs read: settings, a window that is open, and lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbook.logs.sources import Block
from runbook.logs.window import Window
from runbook.settings_logs import ApiLog, DatabaseLog

NOW = datetime.now(UTC)
WINDOW = Window(NOW - timedelta(hours=1), NOW, "an hour")
NOWHERE = str(Path("/nowhere").absolute())


def at(minutes: float) -> str:
    """A time so many minutes ago, as a log writes it."""
    return (NOW - timedelta(minutes=minutes)).isoformat()


def api_log(**more: object) -> ApiLog:
    """Where nothing is, with the names that the fields have unless told."""
    return ApiLog.model_validate({"kind": "file", "path": NOWHERE, **more})


def database_log(**more: object) -> DatabaseLog:
    """The same for the database's log."""
    return DatabaseLog.model_validate({"kind": "file", "path": NOWHERE, **more})


def block(*lines: object) -> list[Block]:
    """Lines as one block: text and bytes as they are, all else as JSON."""
    return [Block("a log", 1, b"".join(map(line, lines)))]


def line(content: object) -> bytes:
    """One line of a log."""
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return (text if isinstance(text, bytes) else text.encode()) + b"\n"


def request(minutes: float = 10, status: object = 200, **more: object) -> dict[str, object]:
    """A line of the API's log about a request."""
    return {"time": at(minutes), "status": status, "method": "GET", "route": "/events", **more}


def joined(found: Iterable[Block]) -> bytes:
    """Everything that a source gave."""
    return b"".join(one.data for one in found)
