"""One seam, whatever the target: a settings file goes in, settings of a running system come out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import TargetError
from runbook.settings import NOT_NAMED, Settings
from runbook.settings_file import load
from runbook.settings_start import Start

EMBEDDED = Path(__file__).parents[3] / "targets" / "embedded.toml"
"""The default target: the reference system of this repository."""


STARTED = "RUNBOOK_STARTED"
"""Names the target that a parent process has started for its children, with the variables that it handed back."""


@dataclass(frozen=True, slots=True)
class Target:
    """A running system, and the variables that it handed back when it started (none on a live target)."""

    settings: Settings
    provided: Mapping[str, str]

    @property
    def logs(self) -> Path | None:
        """Where a system that was started, by a parent process too, keeps its logs; None for a live target."""
        from runbook.targets.embedded import LOGS

        found = {**os.environ, **self.provided}.get(LOGS)
        return Path(found) if found and self.settings.starting is not None else None


@contextmanager
def opened(path: Path) -> Iterator[Target]:
    """Start what the settings say is to be started, and stop it again; a live target is left as it is.

    Raises SettingsError before anything is started, TargetError when it does not start.
    """
    settings = load(path, os.environ)
    if settings.starting is not None and os.environ.get(STARTED) == settings.name:
        yield Target(_complete(load(path, os.environ, started=True)), {})
        return
    if settings.starting is None:
        yield Target(_complete(settings), {})
        return
    from runbook.targets import embedded

    with embedded.running(settings.name, settings.starting, path.parent) as provided:
        yield Target(_complete(load(path, {**os.environ, **provided}, started=True)), provided)


def reopened(path: Path, provided: Mapping[str, str]) -> Target:
    """What `opened` yielded, in another process of the same run."""
    return Target(_complete(load(path, {**os.environ, **provided}, started=True)), provided)


def _complete(settings: Settings) -> Settings:
    """With the tenancy that the settings leave out."""
    if settings.tenancy is not NOT_NAMED:
        return settings
    from runbook.rls.guess import with_tenancy

    return with_tenancy(settings)


def startable(path: Path | None) -> tuple[str, Start, Path]:
    """What starting a target by hand needs: its name, its command, and the folder of its settings file.

    Raises TargetError for a live target: that one is not ours to start.
    """
    found = path if path is not None else EMBEDDED
    settings = load(found, os.environ)
    if settings.starting is None:
        raise TargetError(f"{found}: a live target is not started or stopped from here, unless its [parts] say how")
    return settings.name, settings.starting, found.parent


def standing(path: Path) -> tuple[Settings, bool]:
    """The settings of a target as it stands, with nothing started for it; and whether there is anything to ask: not
    where an embedded one does not run, of which only its parts' names are known then."""
    settings = load(path, os.environ)
    if settings.starting is None:
        return settings, True
    from runbook.targets import embedded

    detached = embedded.find(settings.name, settings.starting, path.parent)
    if detached is None:
        return settings, False
    return load(path, {**os.environ, **detached.provided}, started=True), True
