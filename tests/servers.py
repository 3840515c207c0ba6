"""A real HTTP server on this machine that does what it is told, one reply after the other."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self

from runbook.settings import Api, ApiErrors
from runbook.settings_values import Route


@dataclass(frozen=True)
class Reply:
    """What the server answers."""

    status: int = 200
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    body: bytes = b""


Behaviour = Reply | Literal["drop", "silence"]
"""`drop` reads the request and closes the connection; `silence` reads it and says nothing while the server runs."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> list[str]:
        """The values of every header of this name, in order."""
        return [value for key, value in self.headers if key.lower() == name]


class Server:
    """Serves while its context lasts; after the last behaviour the last one is repeated."""

    def __init__(self, *behaviours: Behaviour, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._behaviours = list(behaviours)
        self._stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.requests.append(Request(self.command, self.path, tuple(self.headers.items()), body))
                behaviour = outer._behaviours.pop(0) if len(outer._behaviours) > 1 else outer._behaviours[0]
                if isinstance(behaviour, Reply):
                    self._reply(behaviour)
                    return
                if behaviour == "silence":
                    outer._stopping.wait()
                self.close_connection = True

            def _reply(self, reply: Reply) -> None:
                self.send_response_only(reply.status)
                headers = reply.headers.items() if isinstance(reply.headers, Mapping) else reply.headers
                for name, value in headers:
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def wait_for(self, count: int) -> None:
        """Until so many requests have arrived: a client may have given up before the server has read one."""
        deadline = time.monotonic() + 10
        while len(self.requests) < count and time.monotonic() < deadline:
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
    return port


def api_at(url: str, code_at: str = "error.code") -> Api:
    """The settings of an API at an address."""
    return Api(
        base_url=url,
        guarded_routes=(Route(method="GET", path="/events/current"),),
        errors=ApiErrors(
            code_at=code_at,
            unauthenticated=("AuthenticationRequired",),
            event_required=("EventContextRequired",),
            event_denied=("PermissionDeniedForEvent",),
        ),
    )
