"""The parts of a running system, each stopped and started alone: `python -m stack.parts stop api --state DIR`.

The supervisor does it, so that whatever is started here is written down and stopped with the rest. It listens on
127.0.0.1, for whoever can read the state's `environment.json`: the port and a key stand there as STACK_CONTROL.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess

    from stack.state import State

HOST = "127.0.0.1"
NAMES = {"supabase": "postgres", "api": "api", "admin": "admin"}
"""What is started and stopped alone, and the name of its process."""


class Part(NamedTuple):
    """How a part is started, how it shows that it is ready, and its port where it has one."""

    begin: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[], bool]
    port: int | None = None


class Parts:
    """What there is to stop and to start."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._parts: dict[str, Part] = {}
        self._held: dict[str, socket.socket] = {}

    def add(self, name: str, part: Part) -> None:
        """Know one more part, which runs."""
        self._parts[name] = part

    def ready(self, name: str) -> bool:
        """Whether the part runs and is ready."""
        return self._state.runs(NAMES[name]) and self._parts[name].ready()

    def start(self, name: str) -> None:
        """Start the part unless it runs, and wait until it is ready. Raises StackError."""
        part = self._parts[name]
        if not self._state.runs(NAMES[name]):
            self._state.wait_until_ready(NAMES[name], part.begin(), part.ready)
        if name in self._held:
            self._held.pop(name).close()

    def stop(self, name: str) -> None:
        """Stop the part, and keep its port for it. Raises StackError when it had to be killed."""
        try:
            self._state.end(NAMES[name])
        finally:
            self._hold(name)

    def close(self) -> None:
        """Let go of the ports."""
        for held in self._held.values():
            held.close()

    def _hold(self, name: str) -> None:
        """Bound and not listening: nobody else is given it, and whoever connects is refused."""
        port = self._parts[name].port
        if port is not None and name not in self._held:
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                holder.bind((HOST, port))
            self._held[name] = holder


@contextmanager
def controlled(parts: Parts) -> Iterator[str]:
    """Do what is asked for, one thing after the other, as long as the context lasts; yields STACK_CONTROL."""
    key = secrets.token_urlsafe(24)
    with Listener((HOST, 0), authkey=key.encode()) as listener:
        address = listener.address
        thread = threading.Thread(target=_serve, args=(listener, parts), daemon=True)
        thread.start()
        try:
            yield f"{address[1]}:{key}"
        finally:
            with suppress(OSError, EOFError), Client(address, authkey=key.encode()) as connection:
                connection.send_bytes(b"[]")
            thread.join()
            parts.close()


def _serve(listener: Listener, parts: Parts) -> None:
    while True:
        with suppress(OSError, EOFError, AuthenticationError), listener.accept() as connection:
            asked = json.loads(connection.recv_bytes())
            if not asked:
                return
            connection.send_bytes(json.dumps(_done(parts, *asked)).encode())


def _done(parts: Parts, what: str, name: str) -> str | None:
    """Why it was not done, if it was not."""
    from stack.state import StackError

    try:
        if getattr(parts, what)(name) is False:
            return f"{name} is not ready"
    except StackError as error:
        return str(error)
    return None


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when it is done, 1 when it could not be: then one line says why."""
    parser = argparse.ArgumentParser(prog="python -m stack.parts", description="Stop or start one part of the system.")
    parser.add_argument("what", choices=["start", "stop", "ready"])
    parser.add_argument("part", choices=sorted(NAMES))
    parser.add_argument("--state", metavar="DIR", type=Path, required=True, help="the folder of the running system")
    options = parser.parse_args(arguments)
    try:
        environment = json.loads((options.state / "environment.json").read_text(encoding="utf-8"))
        port, _, key = environment["STACK_CONTROL"].partition(":")
        with Client((HOST, int(port)), authkey=key.encode()) as connection:
            connection.send_bytes(json.dumps([options.what, options.part]).encode())
            fault = json.loads(connection.recv_bytes())
    except (OSError, EOFError, AuthenticationError) as error:
        fault = f"nothing runs in {options.state}: {error}"
    if fault:
        print(f"stack: {fault}", file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
