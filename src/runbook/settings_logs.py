"""What the settings say about the logs: where each is read, and what stands where in its lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from runbook.settings_values import PENDING, Frozen, Name, Seconds, Secret, Url

Kind = Literal["file", "command", "journald", "containers", "supabase"]
NEEDS: dict[Kind, tuple[str, ...]] = {
    "file": ("path",),
    "command": ("command",),
    "journald": ("name",),
    "containers": ("path",),
    "supabase": ("url", "token", "sql"),
}
"""What a source of each kind cannot do without."""


def _absolute(value: str) -> str:
    if value != PENDING and not Path(value).is_absolute():
        raise ValueError("must be an absolute path, like /var/log/api/api.log*")
    return value


def _classes(value: dict[str, int]) -> dict[str, int]:
    from runbook.logs.classes import classes

    if unknown := value.keys() - classes().keys():
        raise ValueError(f"{min(unknown)} is none of {', '.join(classes())}")
    return value


Share = Annotated[float, Field(ge=0, le=1)]


class LogSource(Frozen):
    """Where one log is read: `kind` says which of the other keys count."""

    kind: Kind
    path: Annotated[str, AfterValidator(_absolute)] | None = None
    command: tuple[str, ...] = ()
    name: Name | None = None
    url: Url | None = None
    token: Secret | None = None
    sql: Name | None = None
    seconds: Seconds = 120

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> LogSource:
        if missing := [key for key in NEEDS[self.kind] if not getattr(self, key)]:
            raise ValueError(f'kind = "{self.kind}" needs {" and ".join(missing)}')
        return self


class ApiFields(Frozen):
    """Where the facts of a request stand in a line of JSON; a dotted path leads into objects."""

    time: Name = "time"
    status: Name = "status"
    method: Name = "method"
    route: Name = "route"
    code: Name = "code"
    event: Name = "event_id"
    request: Name = "request_id"
    level: Name = "level"
    decision: Name = "decision_id"


class ApiLog(LogSource):
    """The API's log: JSON, one object a line."""

    fields: ApiFields = ApiFields()
    decision_only: dict[Name, str] = Field(default={})


class DatabaseLog(LogSource):
    """PostgreSQL's log, in one of its own formats."""

    format: Literal["jsonlog", "csvlog", "stderr"] = "jsonlog"
    line_prefix: str = "%m [%p] %q%u@%d "
    tolerated: Annotated[dict[Name, Annotated[int, Field(ge=0)]], AfterValidator(_classes)] = Field(default={})


class Logs(Frozen):
    """The logs that are read, since when, and what is too much."""

    since: Annotated[str, Field(pattern=r"^\d{1,6}[smhd]$")] = "24h"
    clocks_apart: Annotated[float, Field(ge=0, le=3600)] = 5
    appears_within: Seconds = 10
    malformed_below: Share = 0.01
    codes: dict[Name, Share] = Field(default={})
    few: Annotated[int, Field(ge=1)] = 10
    quiet: bool = False
    api: ApiLog | None = None
    database: DatabaseLog | None = None
