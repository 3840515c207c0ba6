"""What was observed while one check ran: facts for the record, never bodies, tokens or rows."""

from __future__ import annotations

Fact = dict[str, str | int | float | bool | None]


class Journal:
    """Facts in the order in which they were observed, until somebody takes them."""

    def __init__(self) -> None:
        self._facts: list[Fact] = []

    def note(self, kind: str, **fact: str | int | float | bool | None) -> None:
        """Add one fact; what is None is left out."""
        self._facts.append({"kind": kind, **{name: value for name, value in fact.items() if value is not None}})

    def take(self) -> list[Fact]:
        """The facts since the last call."""
        facts, self._facts = self._facts, []
        return facts
