"""Requests that are under way while the API stops: sent but for the last byte of their body, which follows later.

So it needs nothing of the API but a route that reads a body. Most servers say when they wait for it (`Expect:
100-continue`, RFC 9110, 10.1.1), and then it is certain that the request has reached the application.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import cast
from urllib.parse import urlsplit

PATIENCE = 1.0
"""Seconds to wait for the server to say that it waits for the body."""
CHUNK = 65536
INTERIM = re.compile(rb"\A(?:HTTP/1\.[01] 1\d\d.*?\r\n\r\n)+", re.DOTALL)
"""What comes before the answer (RFC 9110, 15.2)."""
UNAVAILABLE = (502, 503)
"""What stands before an API answers with when there is none behind it: refused too."""


class UnderWay:
    """A request with the body `{}`, half of it sent."""

    def __init__(self, base_url: str, method: str, path: str, headers: Mapping[str, str], limit: float) -> None:
        parts = urlsplit(base_url)
        secure = parts.scheme == "https"
        self._socket = socket.create_connection((str(parts.hostname), parts.port or (443 if secure else 80)), limit)
        if secure:
            self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=parts.hostname)
        fields = {
            "host": parts.netloc,
            "connection": "close",
            "content-type": "application/json",
            "content-length": "2",
            "expect": "100-continue",
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self._socket.settimeout(PATIENCE)
        self._socket.sendall(f"{method} {parts.path}{path} HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        self._received = b""
        with suppress(TimeoutError):
            self._received = self._socket.recv(CHUNK)
        self._socket.sendall(b"{")
        self._limit = limit

    def answered_early(self, within: float) -> bool:
        """Whether the answer comes before the body is whole, in so many seconds: then nothing is under way."""
        self._socket.settimeout(within)
        with suppress(OSError):
            self._received += self._socket.recv(CHUNK)
        return INTERIM.sub(b"", self._received) != b""

    def finish(self) -> int | None:
        """The status of the answer, once the body is whole; None when there was none, or not all of it."""
        with self._socket as connection:
            connection.settimeout(self._limit)
            try:
                connection.sendall(b"}")
                while (status := _status_in(self._received)) is None and (chunk := connection.recv(CHUNK)):
                    self._received += chunk
            except OSError:
                return None
        return status


def _status_in(received: bytes) -> int | None:
    """The status of the answer, once all of it is there; an end of the connection is not waited for."""
    response = HTTPResponse(cast(socket.socket, _Read(received)))
    try:
        response.begin()
        response.read()
    except HTTPException:
        return None
    return response.status


class _Read:
    """What was received, as HTTPResponse wants to have it."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def refuses(base_url: str, path: str, limit: float) -> bool:
    """Whether a new request is refused: no connection, no answer on it, or that nothing is there to answer."""
    parts = urlsplit(base_url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=limit)
    try:
        connection.request("GET", parts.path + path, headers={"connection": "close"})
        return connection.getresponse().status in UNAVAILABLE
    except TimeoutError:
        return False
    except (OSError, HTTPException):
        return True
    finally:
        connection.close()
