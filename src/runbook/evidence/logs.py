"""The logs of a system that was started for a run, kept in the run's folder without secrets or rows."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.evidence.redact import MARK

if TYPE_CHECKING:
    from runbook.evidence.redact import Redactor

FOLDER = "logs"
MOST_BYTES = 1 << 20
"""Of each log: what came last, from the beginning of a line on."""
LEFT_OUT = b"(what came before is left out)\n"
# PostgreSQL's log: what is added to a message quotes rows and statements, and a message quotes values. Either may go on
# in lines that are indented.
_ADDED = re.compile(r"\b(DETAIL|HINT|QUERY|CONTEXT|STATEMENT|statement|(?:execute|parse|bind) [^:\n]+): .*(?:\n\t.*)*")
_MESSAGE = re.compile(r"\b(?:DEBUG\d?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC):  .*(?:\n\t.*)*")
_QUOTED = re.compile(
    r"(\b(?:column|constraint|database|extension|function|index|policy|relation|role|schema|table|trigger|type|user|view)"
    r' "[\w$.-]{1,63}")|".*"',
    re.DOTALL,
)
"""What has a name, else all up to the last quote: a value may have quotes in it."""


def keep(logs: Path, folder: Path, redactor: Redactor) -> None:
    """Copy each `*.log` to the run's folder; a line in which a secret is still found is left out whole.

    Raises OSError.
    """
    for log in sorted(logs.glob("*.log")):
        if not stat.S_ISREG(log.lstat().st_mode):
            continue  # a link could lead to any file of this machine: some systems write there themselves
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        text = redactor.text(_without_rows(_end_of(log).decode("utf-8", "surrogateescape")))
        data = text.encode("utf-8", "surrogateescape")
        if redactor.finds(data):
            data = b"".join(line for line in data.splitlines(True) if not redactor.finds(line))
        (folder / FOLDER / log.name).write_bytes(data)


def _end_of(log: Path) -> bytes:
    with log.open("rb") as file:
        if file.seek(0, os.SEEK_END) <= MOST_BYTES:
            file.seek(0)
            return file.read(MOST_BYTES)
        file.seek(-MOST_BYTES, os.SEEK_END)
        whole_lines = file.read(MOST_BYTES).partition(b"\n")[2]
    return LEFT_OUT + re.sub(rb"\A(?:\t.*\n?)+", b"", whole_lines)  # of a statement that was cut


def _without_rows(text: str) -> str:
    added = _ADDED.sub(rf"\1: {MARK}", text)
    return _MESSAGE.sub(lambda message: _QUOTED.sub(lambda found: found[1] or f'"{MARK}"', message[0]), added)
