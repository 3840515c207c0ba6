"""All that the logs of a target say of a window, and what of it stands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.logs import api_log, database_log, decisions
from runbook.logs.classes import classes
from runbook.logs.window import window

if TYPE_CHECKING:
    from runbook.api.client import Client
    from runbook.database.connection import Database
    from runbook.logs.api_log import ApiReport
    from runbook.logs.database_log import DatabaseReport
    from runbook.logs.decisions import Agreement
    from runbook.logs.window import Window
    from runbook.settings import Settings


@dataclass(slots=True)
class Report:
    """Each log as far as it could be read, and why not. `behind`: by the request of a server error, what the database's
    log and the audit log tell of the same request."""

    settings: Settings
    window: Window
    api: ApiReport | None = None
    database: DatabaseReport | None = None
    agreement: Agreement | None = None
    unread: dict[str, str] = field(default_factory=dict)
    behind: dict[str, list[str]] = field(default_factory=dict)

    def unknown_codes(self) -> list[str]:
        """Domain codes in the log that the settings do not know."""
        known = api_log.known_codes(self.settings)
        return [code for code in self.api.codes() if code not in known] if self.api is not None else []

    def too_many(self, name: str) -> bool:
        """Whether the database's log holds more lines of a class than the settings tolerate."""
        log = self.settings.logs.database if self.settings.logs is not None else None
        return self.database is not None and self.database.count(name) > (log.tolerated.get(name, 0) if log else 0)

    @property
    def exit_code(self) -> int:
        """1 when something stands out, else 3 when something could not be read, else 0."""
        api, agreed = self.api, self.agreement
        stands_out = any(map(self.too_many, classes()))
        if api is not None:
            stands_out |= bool(api.server_errors or api.without_code or self.unknown_codes())
        if agreed is not None:
            stands_out |= bool(agreed.without_entry or agreed.without_line)
        return 1 if stands_out else 3 if self.unread else 0


def gather(settings: Settings, client: Client, database: Database, since: str | None) -> Report:
    """Read every log that the settings name, once. Raises Unverified where they name none, ValueError for `since`."""
    logs = settings.logs
    if logs is None or (logs.api is None and logs.database is None):
        raise Unverified("the settings name no log: add [logs.api] or [logs.database]")
    report = Report(settings, window(settings, client, since))
    requests: set[str] = set()
    if logs.api is not None:
        try:
            api = report.api = api_log.read_log(logs.api, report.window, logs.clocks_apart)
            requests = {request for _, group in api.server_errors for request in group.requests}
            if obstacle := api.read.obstacle(report.window):
                report.unread["api"] = obstacle
            report.agreement = decisions.agreement(api, database, settings, logs.clocks_apart)
        except Unverified as error:
            report.unread["decisions" if report.api is not None else "api"] = str(error)
    if logs.database is not None:
        try:
            told = report.database = database_log.read_log(logs.database, report.window, logs.clocks_apart, requests)
            if obstacle := told.read.obstacle(report.window):
                report.unread["database"] = obstacle
        except Unverified as error:
            report.unread["database"] = str(error)
    report.behind = {request: found for request in sorted(requests) if (found := _behind(report, request))}
    return report


def _behind(report: Report, request: str) -> list[str]:
    told = [f"database: {line}" for line in report.database.followed.get(request, [])] if report.database else []
    if report.api is not None and report.agreement is not None:
        for id_, made in report.api.decisions.items():
            if made.request == request:
                entry = "without an audit entry" if id_ in report.agreement.without_entry else "with its audit entry"
                told.append(f"decision {id_}, {entry}")
    return told
