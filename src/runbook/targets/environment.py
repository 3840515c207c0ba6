"""The environment of a run that must not be steered from outside."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLUMNS|NO_COLOR|TMPDIR|TEMP|TMP|SHELL"
    r"|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES"
    r"|XDG_\w+|PG\w+|SSL_CERT_\w+|(?:https?|all|no)_proxy|PLAYWRIGHT_\w+",
    re.IGNORECASE,
)
"""What a process needs to find its programs, its network and its certificates. What pytest, Python or a plugin would
take orders from is not among it."""
_NAMED = re.compile(r"""\benv\s*=\s*["'](\w+)["']""")


def cleaned(settings: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The variables that are kept, those that the settings file takes values from, and `more`."""
    named = set(_NAMED.findall(settings.read_text(encoding="utf-8")))
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name) or name in named}
    return {**kept, **more}


def plain(more: Mapping[str, str]) -> dict[str, str]:
    """The variables that programs are found and run by, and `more`: none that git, libpq or a test run would heed."""
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name) and not name.startswith("PG")}
    return {**kept, **more}
