"""Requests of this suite's own that must show in the log: so it is the log of this API, and its clock is right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import uuid4

import psycopg

from runbook.database.connection import APPLICATION_NAME
from runbook.errors import Unverified
from runbook.logs import api_log, database_log
from runbook.logs.api_log import CODE
from runbook.logs.lines import RESOLUTION

if TYPE_CHECKING:
    from runbook.api.client import Client
    from runbook.database.connection import Database
    from runbook.logs.api_log import ApiReport
    from runbook.logs.database_log import DatabaseReport
    from runbook.logs.window import Window
    from runbook.settings import Settings
    from runbook.settings_logs import ApiLog, DatabaseLog, Logs

Report = TypeVar("Report")
POLL = 0.1
REQUESTS = ("answered", "refused", "in an event")


class Sent(NamedTuple):
    """A request, and what the API answered: the code only where it is one that the client knows."""

    request: str
    status: int
    code: str | None
    began: datetime
    ended: datetime


def send(client: Client, settings: Settings, token: str, event: str) -> dict[str, Sent]:
    """Three requests that only read, by what they are: one that is answered, one without a token, one in an event."""
    read = next((route.path for route in settings.api.guarded_routes if route.method == "GET"), None)
    if read is None:
        raise Unverified("api.guarded_routes lists no GET: there is nothing to ask for in an event")
    basic = settings.api.basic_endpoint
    return {
        "answered": _sent(client, basic, token, None),
        "refused": _sent(client, basic, None, None),
        "in an event": _sent(client, read, token, event),
    }


def _sent(client: Client, path: str, token: str | None, event: str | None) -> Sent:
    began, request = datetime.now(UTC), str(uuid4())
    headers = [("x-request-id", request)] + ([(client.api.event_header, event)] if event else [])
    answer = client.send("GET", path, token=token, headers=headers)
    known = answer.code if answer.code is not None and CODE.fullmatch(answer.code) else None
    return Sent(answer.headers.get("x-request-id", request), answer.status, known, began, datetime.now(UTC))


def api_report(log: ApiLog, logs: Logs, window: Window, sent: Sequence[Sent]) -> ApiReport:
    """The API's log, read again until it tells of the requests that were sent. Raises Unverified when it does not in
    time, or by another clock, or says nothing of the window."""
    wanted = {one.request for one in sent}

    def read() -> ApiReport:
        return api_log.read_log(log, _until_now(window), logs.clocks_apart, wanted)

    report = _read_until(read, lambda report: wanted <= report.followed.keys(), logs.appears_within)
    if (obstacle := report.read.obstacle(report.window)) is not None:
        raise Unverified(obstacle)
    if missing := len(wanted - report.followed.keys()):
        raise Unverified(
            f"{missing} of {len(wanted)} requests that were just sent are not in the log after"
            f" {logs.appears_within:g} s (by {log.fields.request}): is it the log of this API?"
        )
    slack = timedelta(seconds=logs.clocks_apart + RESOLUTION)
    for one in sent:
        at = report.followed[one.request].time
        if not one.began - slack <= at <= one.ended + slack:
            raise Unverified(f"the log's clock is {(at - one.ended).total_seconds():+.0f} s off this machine's")
    return report


def database_report(
    log: DatabaseLog, logs: Logs, window: Window, database: Database, *, writes: bool
) -> DatabaseReport:
    """The database's log. Where more than reading is allowed and the log names its sessions, an error of our own must
    show in it; otherwise there must be lines of the window. Raises Unverified."""
    named = log.format != "stderr" or "%a" in log.line_prefix
    mark = f"{APPLICATION_NAME}-{uuid4().hex[:12]}" if named and writes else None
    if mark is not None:
        _err(database, mark)
    follow = [mark] if mark is not None else []

    def read() -> DatabaseReport:
        return database_log.read_log(log, _until_now(window), logs.clocks_apart, follow)

    report = _read_until(read, lambda report: set(follow) <= report.followed.keys(), logs.appears_within)
    if (obstacle := report.read.obstacle(report.window)) is not None:
        raise Unverified(obstacle)
    if mark is not None and mark not in report.followed:
        raise Unverified(
            f"an error that was just made in the database is not in the log after {logs.appears_within:g} s:"
            " is it the log of this database?"
        )
    return report


def _err(database: Database, mark: str) -> None:
    """Divide by zero, under a name of its own."""
    with database.transaction(read_only=True) as cursor:
        cursor.execute("select set_config('application_name', %s, true)", [mark])
        try:
            cursor.execute("select 1 / 0")
        except psycopg.errors.DivisionByZero:
            return
    raise Unverified("the database divides by zero")


def _until_now(window: Window) -> Window:
    return replace(window, until=datetime.now(UTC))


def _read_until(read: Callable[[], Report], done: Callable[[Report], bool], seconds: float) -> Report:
    end = time.monotonic() + seconds
    while not done(report := read()) and time.monotonic() < end:
        time.sleep(POLL)
    return report
