"""The decisions in the API's log against those in the audit log, both ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runbook.database.audit import entries_between
from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.logs.api_log import ApiReport
    from runbook.settings import Settings


@dataclass(frozen=True, slots=True)
class Agreement:
    """Decisions of one window, by id: how many stand on either side, and those that stand on one side alone."""

    since: datetime
    until: datetime
    logged: int
    entered: int
    without_entry: tuple[str, ...]
    without_line: tuple[str, ...]


def agreement(report: ApiReport, database: Database, settings: Settings, apart: float) -> Agreement:
    """Match them. What lies within `apart` seconds of the window's ends, or before the log's first line, is not judged:
    its counterpart may stand outside. Raises Unverified where the database cannot be asked."""
    slack = timedelta(seconds=apart)
    begins = report.window.since
    if report.read.before == 0 and report.read.first is not None:  # it does not reach back that far
        begins = max(begins, report.read.first)
    entries = entries_between(database, settings.audit, begins - slack, report.window.until + slack)
    judged = (begins + slack, report.window.until - slack)
    logged = {id_ for id_, made in report.decisions.items() if judged[0] <= made.time <= judged[1]}
    entered = {id_ for id_, at in entries.items() if judged[0] <= at <= judged[1]}
    return Agreement(
        *judged,
        logged=len(logged),
        entered=len(entered),
        without_entry=tuple(sorted(logged - entries.keys())),
        without_line=tuple(sorted(entered - report.decisions.keys())),
    )


def worth_judging(found: Agreement, *, quiet: bool) -> Agreement:
    """The same; raises Unverified where neither side knows of a decision, unless that may be."""
    if not quiet and not found.logged and not found.entered:
        raise Unverified(
            "neither log tells of a decision in the window, so nothing proves that they agree: look further back"
            " (--since), or say logs.quiet = true"
        )
    return found
