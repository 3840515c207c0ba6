"""The Admin's pages under another origin.

A server of our own does it, and not the browser's interception: while Playwright intercepts, it answers every preflight
itself, and allows it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOST = "another-site.localhost"
"""Browsers find it on this machine. `localhost` keeps their rules about private networks out of it."""


@contextmanager
def elsewhere(admin_url: str, *, limit: float) -> Iterator[str]:
    """The foreign origin that shows the Admin's pages for as long as the context lasts, each fetched within `limit`
    seconds. Their content-security-policy is left out: what blocks their calls is CORS alone."""
    with (
        httpx.Client(follow_redirects=True, timeout=limit, headers={"user-agent": "runbook"}) as client,
        ThreadingHTTPServer(("127.0.0.1", 0), _relay(client, admin_url)) as server,
    ):
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()


def _relay(client: httpx.Client, admin_url: str) -> type[BaseHTTPRequestHandler]:
    class Relay(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server asks for
            try:
                page = client.get(admin_url + self.path)
            except httpx.HTTPError:
                self.send_error(HTTPStatus.BAD_GATEWAY)
                return
            self.send_response(page.status_code)
            self.send_header("content-type", page.headers.get("content-type", "application/octet-stream"))
            self.end_headers()
            self.wfile.write(page.content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the run's record says what happened."""

    return Relay
