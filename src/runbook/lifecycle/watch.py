"""What a part is made of while it runs, and what of it is still there after it was stopped."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.lifecycle.part import Handle, accepts
from runbook.settings_parts import Endpoint

if TYPE_CHECKING:
    import psutil

    from runbook.database.connection import Database

SESSIONS = "select count(*) from pg_stat_activity where usename = any(%s) and pid <> pg_backend_pid()"


class Watch:
    """A running part: its processes are looked up once, what stays of it as often as it is asked for.

    `unseen` says of what nothing can be told, and why.
    """

    def __init__(self, handle: Handle, database: Database | None) -> None:
        self._handle = handle
        self._database = database
        self.unseen: dict[str, str] = {}
        part, key = handle.part, f"parts.{handle.name}"
        silent = [address for address, where in zip(part.listens, handle.endpoints, strict=True) if not accepts(where)]
        if silent:
            self.unseen["addresses"] = f"nothing listened at {', '.join(silent)} while it ran ({key}.listens)"
        self.processes = processes_of(handle.endpoints)
        if not self.processes and not part.left:
            self.unseen["processes"] = f"its processes cannot be seen from here; name a command as {key}.left"
        if part.temporary is None:
            self.unseen["files"] = f"name its temporary files, or [], as {key}.temporary"
        if not part.sessions:
            self.unseen["sessions"] = f"name the roles that it connects as, as {key}.sessions"
        elif self._sessions() == 0:
            self.unseen["sessions"] = f"none of its sessions was there while it ran ({key}.sessions)"

    def left(self) -> dict[str, list[str]]:
        """What stays, by kind: addresses, processes, files, sessions."""
        handle, part = self._handle, self._handle.part
        # Who still listens may have been started while it stopped.
        now = processes_of(handle.endpoints) if any(map(accepts, handle.endpoints)) else []
        listening = [a for a, where in zip(part.listens, handle.endpoints, strict=True) if accepts(where)]
        sockets = [where for where in handle.endpoints if isinstance(where, str) and os.path.lexists(where)]
        found = {
            "addresses": listening,
            "processes": [_named(process) for process in {*self.processes, *now} if _runs(process)],
            "files": sorted({*sockets, *_files(handle)}),
            "sessions": [],
        }
        if part.left:
            lines = handle.lines_left()
            if lines is None:
                self.unseen["processes"] = f"the command failed that looks for what is left (parts.{handle.name}.left)"
            elif lines:
                found["processes"].append(f"{lines} that parts.{handle.name}.left names")
        if part.sessions and "sessions" not in self.unseen and (count := self._sessions()):
            found["sessions"] = [f"{count} of {', '.join(part.sessions)}"]
        return found

    def _sessions(self) -> int:
        if self._database is None:
            return 0
        try:
            [[count]] = self._database.read(SESSIONS, [list(self._handle.part.sessions)])
        except Unverified as error:
            self.unseen["sessions"] = str(error)
            return 0
        return int(str(count))


def _files(handle: Handle) -> Iterable[str]:
    for pattern in map(Path, handle.part.temporary or ()):
        yield from map(str, (handle.beside / handle.part.folder / pattern.parent).glob(pattern.name))


def processes_of(endpoints: Iterable[Endpoint]) -> list[psutil.Process]:
    """Who listens there, with all that it started, also what left its family but not the session that it began."""
    import psutil

    wanted = {where[1] if isinstance(where, tuple) else where for where in endpoints if _is_here(where)}
    try:
        connections = psutil.net_connections("all")
    except psutil.AccessDenied:
        return []
    found: dict[int, psutil.Process] = {}
    for one in connections:
        port = getattr(one.laddr, "port", None) if one.status == psutil.CONN_LISTEN else None
        if one.pid and (port in wanted or (isinstance(one.laddr, str) and one.laddr in wanted)):
            found.update({process.pid: process for process in _family(one.pid)})
    return list(found.values())


def _family(pid: int) -> Iterable[psutil.Process]:
    import psutil

    try:
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    if os.name == "posix" and os.getsid(pid) == pid:
        yield from (other for other in psutil.process_iter() if _session(other.pid) == pid)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _is_here(where: Endpoint) -> bool:
    """Whether the address is this machine's: at another's, a port of the same number says nothing."""
    if isinstance(where, str):
        return True
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(where[0], 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def _runs(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _named(process: psutil.Process) -> str:
    import psutil

    try:
        return f"{process.name()} ({process.pid})"
    except psutil.Error:
        return str(process.pid)
