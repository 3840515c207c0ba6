"""Logs that something else has wrapped line by line in JSON: Docker's files, and systemd's journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runbook.errors import Unverified
from runbook.logs.sources import Block, from_command, from_files

if TYPE_CHECKING:
    from runbook.logs.window import Window
    from runbook.settings_logs import LogSource

Unwrap = Callable[[bytes], Iterator[bytes]]


class _Docker(msgspec.Struct):
    log: str
    stream: str = ""


class _Journal(msgspec.Struct):
    message: str | list[int] | None = msgspec.field(name="MESSAGE", default=None)


def from_containers(source: LogSource, window: Window) -> Iterator[Block]:
    """The logs in Docker's folder of containers, of the one of this name or of all. What Docker wrote in pieces is one
    line again. Raises Unverified where there is none."""
    folders = _folders(Path(str(source.path)), source.name)
    for folder in folders:
        unwrap = _pieces()
        for block in from_files(f"{folder}/*-json.log*", window):
            yield from _unwrapped(block, unwrap)


def from_journal(source: LogSource, window: Window) -> Iterator[Block]:
    """What a unit of systemd has written to the journal since the window began."""
    command = ["journalctl", "--output=json", "--no-pager", "--quiet", f"--unit={source.name}"]
    command += [f"--since=@{window.since.timestamp():.0f}"]
    for block in from_command(command, source.seconds, window):
        yield from _unwrapped(block, _messages)


def _unwrapped(block: Block, unwrap: Unwrap) -> Iterator[Block]:
    """A line that is not wrapped stays as it is: whoever reads it counts it as malformed."""
    inner: list[bytes] = []
    for line in block.data.splitlines():
        try:
            inner.extend(unwrap(line))
        except (msgspec.DecodeError, ValueError):
            inner.append(line + b"\n")
    if inner:
        yield Block(block.source, block.first, b"".join(inner))


def _pieces() -> Unwrap:
    """Docker cuts lines at 16 KB: only the last piece of one ends it. Pieces are kept by stream."""
    decoder = msgspec.json.Decoder(_Docker)
    begun: dict[str, str] = {}

    def unwrap(line: bytes) -> Iterator[bytes]:
        piece = decoder.decode(line)
        text = begun.pop(piece.stream, "") + piece.log
        if text.endswith("\n"):
            yield text.encode()
        else:
            begun[piece.stream] = text

    return unwrap


def _messages(line: bytes) -> Iterator[bytes]:
    """The journal gives what is no text as a list of bytes, and what is too long as null."""
    message = msgspec.json.decode(line, type=_Journal).message
    yield (message.encode() if isinstance(message, str) else bytes(message or ())).rstrip(b"\n") + b"\n"


def _folders(root: Path, name: str | None) -> list[Path]:
    try:
        folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    except OSError as error:
        raise Unverified(f"the folder of containers {root} cannot be read ({error.strerror})") from None
    found = [folder for folder in folders if name is None or _name_of(folder) == name]
    if not found:
        raise Unverified(f"{root} holds no container{f' of the name {name}' if name else ''}")
    return found


def _name_of(folder: Path) -> str | None:
    """Docker writes it, after a slash, into the container's own settings."""
    try:
        document = json.loads((folder / "config.v2.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(document.get("Name")).removeprefix("/") if isinstance(document, dict) else None
