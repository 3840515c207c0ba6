"""The part of a target's settings about incidents: who is told, how, and where bug fixes are scheduled."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from runbook.settings_values import Frozen, Name, Seconds, Secret

CHANNEL_NEEDS = {
    "slack": ("url",),
    "teams": ("url",),
    "json": ("url",),
    "mail": ("server", "sender", "to"),
}


def _server(value: str) -> str:
    if int(value.rpartition(":")[2]) not in range(1, 65536):
        raise ValueError("must end in a port, 1 to 65535")
    return value


Server = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:\d{1,5}$"), AfterValidator(_server)]
Mailbox = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]+@[A-Za-z0-9.-]+$")]


class Channel(Frozen):
    """One way to reach whoever holds a role: a webhook, or e-mail by SMTP."""

    kind: Literal["slack", "teams", "json", "mail"]
    role: Name
    url: Secret | None = None
    server: Server | None = None
    encryption: Literal["none", "starttls", "tls"] = "starttls"
    sender: Mailbox | None = None
    to: tuple[Mailbox, ...] = ()
    user: str | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Channel:
        missing = [key for key in CHANNEL_NEEDS[self.kind] if not getattr(self, key)]
        if missing:
            raise ValueError(f'kind = "{self.kind}" needs {" and ".join(missing)}')
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if self.user is not None and self.encryption == "none":
            raise ValueError('a password is not sent with encryption = "none"')
        return self


class Incidents(Frozen):
    """How incidents are escalated, and where P2 bug fixes are scheduled."""

    channels: dict[Name, Channel] = Field(default={})
    deliver_within: Seconds = 20
    ask_again_minutes: Annotated[float, Field(gt=0, le=1440)] = 15
    backlog: Name = "backlog.toml"
    backlog_url: Secret | None = None
    due_days: Annotated[int, Field(ge=1, le=366)] = 14
