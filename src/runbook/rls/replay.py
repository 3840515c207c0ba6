"""From what was asked of the server to what a person can ask again in psql: the rows first, then a probe.

Canary rows are there for as long as the probing transaction lasts. So what placed them is kept beside what was probed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbook.evidence.redact import Redactor
from runbook.rls.canary import ORIGIN, REPLICA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runbook.rls.cells import Probe, Reach
    from runbook.rls.session import Reply

PLACING = re.compile(r"(?:rollback to )?savepoint canaries; (?P<placed>.+); release savepoint canaries", re.DOTALL)
TRYING = "rollback to savepoint probe; "
BEGIN = "begin;\nset local row_security = off;\nset constraints all immediate;"
START = "savepoint probe;"
END = "rollback;"
SYNTHETIC = "@canary.example"
STAND_IN = "\ue000"

Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """Which rows one item's probes found: `states` are what placed them, step by step, and `tried` says by statement
    in which states it was tried."""

    states: tuple[Steps, ...] = ((),)
    tried: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, probe: Probe, reach: Reach) -> tuple[int, ...]:
        """In which states a probe was tried: what is about others before there are own rows, if it was. A view that is
        watched was read before and after the rows came, its own ones first."""
        found = self.tried.get(_key(probe.sql), (len(self.states) - 1,))
        if probe.form == "whole" and len(found) > 2:
            return found[-3:-1] if reach == "own" else found[-2:]
        return found[:1] if reach == "other" else found[-1:]

    def state(self, probe: Probe, reach: Reach) -> int:
        """The state in which a probe was answered."""
        return self.of(probe, reach)[-1]

    def placing(self, state: int, after: int | None = None) -> str:
        """What brings a state about: from nothing, or after another one that it goes on from."""
        before = self.states[after] if after is not None else ()
        steps = self.states[state]
        if after is None:
            return "\n".join([BEGIN, *steps, START])
        if steps[: len(before)] == before:
            return "\n".join([TRYING.strip(), *steps[len(before) :], START])
        return "\n".join([END, BEGIN, *steps, START])

    def script(self, probe: Probe, reach: Reach) -> str:
        """A whole script for psql: the rows, the persona, the statement. All of it is undone at its end."""
        return "\n".join([self.placing(self.state(probe, reach)), statement(probe), END])


def replay(heard: Iterable[tuple[str, Reply]]) -> Replay:
    """What a session's questions were, as far as they are needed to ask one of them again."""
    states: list[Steps] = [()]
    tried: dict[str, tuple[int, ...]] = {}
    for sql, reply in heard:
        if sql == "rollback to savepoint empty":
            states.append(())
        elif (found := PLACING.fullmatch(sql)) and reply.ok:
            states.append((*states[-1], _lines(found["placed"])))
        elif sql.startswith(TRYING):
            key = _key(sql.removeprefix(TRYING).removeprefix(f"{REPLICA}; "))
            tried[key] = (*tried.get(key, ()), len(states) - 1)
    return Replay(tuple(states), tried)


def statement(probe: Probe) -> str:
    """A probe's SQL as it was asked: without triggers where it was tried so."""
    before = f"{REPLICA};\n" if probe.form.endswith(", triggers off") else ""
    return f"{before}{probe.sql};"


def _lines(placed: str) -> str:
    """One statement a line."""
    for start in ("insert into ", ORIGIN):
        placed = placed.replace(f"; {start}", f";\n{start}")
    return f"{placed};"


def _key(sql: str) -> str:
    return sql.replace(";\n", "; ")


class Replayable(Redactor):
    """Takes secrets out of SQL, and leaves synthetic people's addresses: they are nobody's, and a policy may read
    them."""

    def text(self, value: str) -> str:
        """The text without secrets."""
        return super().text(value.replace(SYNTHETIC, STAND_IN)).replace(STAND_IN, SYNTHETIC)
