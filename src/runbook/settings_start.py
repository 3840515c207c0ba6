"""What the settings say about a target that the suite starts: the command, or what its containers are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from runbook.settings_values import Frozen, Name, Referenced, Seconds

COMPOSE_MARGIN = 60
"""Seconds that the command for a compose file may take beyond its own limit, to tell what was wrong and clear up."""


class Start(Frozen):
    """The command that starts a target of one's own, and the variables that it hands back."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    folder: str = "."
    provides: Name
    seconds: Seconds = 60


def _written_out(value: object) -> object:
    if isinstance(value, Referenced):
        raise ValueError("must be a text, in which ${NAME} stands for a variable: it is part of a command")
    return value


class Container(Frozen):
    """What a target of containers is made of: images, for the command that starts it; or the team's compose file, which
    needs no other command."""

    database: Name | None = None
    system: Name | None = None
    compose: Name | None = None
    variables: dict[Name, Annotated[Name, BeforeValidator(_written_out)]] = Field(default={})
    seconds: Seconds = 120
    engine: Name | None = None

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Container:
        if (self.database is None) != (self.system is None) or (self.database is None) == (self.compose is None):
            raise ValueError("needs either database and system, or compose")
        if self.variables and self.compose is None:
            raise ValueError("variables belong to compose")
        return self

    @property
    def arguments(self) -> tuple[str, ...]:
        """As the command takes them."""
        given = {"--database": self.database, "--system": self.system, "--engine": self.engine}
        return tuple(word for option, value in given.items() if value for word in (option, value))

    @property
    def composing(self) -> Start:
        """The command for a compose file. It tells by itself what was not ready in time."""
        words = ("{python}", "-P", "-m", "runbook.targets.compose", *self.arguments)
        words += ("--file", str(self.compose), "--seconds", f"{self.seconds:g}")
        given = (word for name, text in self.variables.items() for word in ("--variable", f"{name}={text}"))
        return Start(command=(*words, *given), provides="COMPOSE_", seconds=self.seconds + COMPOSE_MARGIN)
