"""One look at all of a target's row-level security: every cell, for whoever wants to see it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.database.connection import Database
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.rls.inspection import Inspection, Probing, inspect
from runbook.rls.replay import Replay, replay
from runbook.rls.session import overheard
from runbook.targets import EMBEDDED, opened

if TYPE_CHECKING:
    from runbook.rls.cells import Cell
    from runbook.settings import Settings


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of one target: when (UTC), on which server, and by name how each item's probes are replayed."""

    settings: Settings
    inspection: Inspection
    cells: Sequence[Cell]
    at: str = ""
    server: str = ""
    replays: Mapping[str, Replay] = field(default_factory=dict)


@contextmanager
def observed(target: Path | None, only: str | None = None) -> Iterator[Observed]:
    """Open the target and probe it, or one relation of it with every probe kept. Progress shows on a terminal alone.

    Raises Unverified when there is no such relation.
    """
    with opened(target if target is not None else EMBEDDED) as running:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        database = Database(running.settings, Journal())
        try:
            inspection = inspect(database, running.settings)
            items = [item for item in inspection.items if only in (None, str(item), str(item).partition("(")[0])]
            if not items:
                raise Unverified(f"{only} is not exposed; write it with its schema, like public.events")
            [[version]] = database.read("select current_setting('server_version')")
            probing = Probing(database, running.settings, inspection, keep=only is not None)
            cells: list[Cell] = []
            replays: dict[str, Replay] = {}
            hidden = not sys.stderr.isatty()
            with click.progressbar(items, file=sys.stderr, hidden=hidden, item_show_func=lambda i: str(i or "")) as bar:
                for item in bar:
                    with overheard() as heard:
                        cells += probing.cells(item)
                    replays[str(item)] = replay(heard)
            yield Observed(running.settings, inspection, cells, at, f"PostgreSQL {version}", replays)
        finally:
            database.close()
