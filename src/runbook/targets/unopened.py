"""What is known of a target without it: in an incident it may neither answer nor start."""

from __future__ import annotations

import os
from pathlib import Path

from runbook.settings import Settings
from runbook.settings_file import load
from runbook.targets import EMBEDDED


def settings_of(path: Path | None) -> Settings:
    """Its settings, with `PENDING` for what only a started target hands back. Raises SettingsError."""
    return load(path.resolve() if path is not None else EMBEDDED, os.environ)


def backlog_of(path: Path | None) -> Path:
    """Its Backlog Registry, beside the settings file. Raises SettingsError."""
    found = path.resolve() if path is not None else EMBEDDED
    return found.parent / settings_of(found).incidents.backlog
