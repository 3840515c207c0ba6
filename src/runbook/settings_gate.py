"""What the settings say about proof: what a gate wants, whose word counts, and what need not hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from runbook.settings_values import Frozen, Name, Seconds, Url


class Timestamp(Frozen):
    """The time-stamping authority (RFC 3161) that says when a seal was there at the latest."""

    url: Url
    within: Seconds = 10


Section = Literal["lifecycle", "health", "logs", "rollback", "rls"]
"""What a gate can require: the sections of the runbook that are about the system, and not about an incident."""


class Gate(Frozen):
    """What must be proved before something is opened, for how long that counts, and what then opens it."""

    profiles: dict[Name, Annotated[tuple[Section, ...], Field(min_length=1)]] = Field(
        default={"reopen": ("rollback", "health", "rls"), "deploy": ("health",)}
    )
    limit: Seconds = 1800
    fresh_minutes: Annotated[float, Field(gt=0, le=1440)] = 15
    approvals: Annotated[tuple[Name, ...], Field(min_length=2)] = ("System Operator", "Governance")
    reopen: tuple[str, ...] = ()
    reopen_within: Seconds = 300


class Person(Frozen):
    """Somebody whose signature counts: known by the public half of a key (`runbook keys new`)."""

    name: Name
    role: Name
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


class OutOfScope(Frozen):
    """A check that this target can never verify, and why: listed in every report, and not required."""

    check: Name
    reason: Annotated[str, Field(min_length=10)]


class Waiver(Frozen):
    """What need not hold for a while, who answers for that, and until when (UTC): by clause, check, or check with its
    parameters."""

    waives: Name
    reason: Annotated[str, Field(min_length=10)]
    owner: Name
    expires: AwareDatetime

    @property
    def until(self) -> str:
        """Until when, as people write it."""
        return f"{self.expires:%Y-%m-%d %H:%M} UTC"
