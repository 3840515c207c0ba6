"""A browser for a machine that has none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from runbook.admin.browser import executable
from runbook.errors import TargetError

INSTALL_SECONDS = 600

ADVICE = (
    "no browser could be installed. Install Chromium or Chrome by hand (Debian, Ubuntu: apt install chromium; "
    "Fedora: dnf install chromium; macOS: brew install --cask google-chrome), or name one as admin.browser"
)


def ensure(say: Callable[[str], None]) -> str:
    """The browser that will be used, installed first where there is none. Raises TargetError when that fails."""
    found = executable(None) or _playwrights_own()
    if found:
        return found
    for command in _installers():
        say(f"installing a browser: {' '.join(command)}")
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_SECONDS)
        except (OSError, subprocess.SubprocessError):
            continue
        found = executable(None) or _playwrights_own()
        if found:
            return found
    raise TargetError(ADVICE)


def _installers() -> list[list[str]]:
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (root and shutil.which("apt-get")):
        return [playwright]
    # Where there is a package manager and the right to use it, it also brings the libraries that a browser needs.
    install = "apt-get install -y -qq --no-install-recommends"
    either = f"{install} chromium-headless-shell || {install} chromium"
    return [["sh", "-c", f"apt-get update -qq && {{ {either}; }}"], playwright]


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None
