"""What the settings say about the parts of the system: how each starts and stops, and what it must not leave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from runbook.settings_values import Frozen, Name, Route, Seconds

PartName = Literal["supabase", "api", "admin"]
ORDER: tuple[PartName, ...] = get_args(PartName)
"""The order in which parts start; they stop in reverse."""

Endpoint = tuple[str, int] | str
"""A host and a port, or the path of a socket."""


def endpoint(address: str) -> Endpoint:
    """What to connect to. Raises ValueError when it is neither an http address, nor `host:port`, nor a path."""
    if Path(address).is_absolute():
        return address
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if not parts.hostname or port is None or parts.scheme not in ("tcp", "http", "https"):
        raise ValueError("must be an http address, host:port or the path of a socket")
    return parts.hostname, port


def _address(value: str) -> str:
    endpoint(value)
    return value


def _with_a_body(route: Route) -> Route:
    if route.method in ("GET", "DELETE"):
        raise ValueError("must be a route with a body, like POST /enrollments")
    return route


Address = Annotated[str, AfterValidator(_address)]
Command = Annotated[tuple[Name, ...], Field(min_length=1)]


class Part(Frozen):
    """One part of the system, started and stopped by commands that return when they are done."""

    start: Command
    stop: Command
    ready: Address | Command
    ready_within: Seconds = 60
    stop_within: Seconds = 30
    folder: str = "."
    listens: Annotated[tuple[Address, ...], Field(min_length=1)]
    temporary: tuple[Name, ...] | None = None
    left: tuple[Name, ...] = ()
    sessions: tuple[Name, ...] = ()
    under_way: Annotated[Route, AfterValidator(_with_a_body)] | None = None
