"""What: told to stop, the API goes on to take requests as long as one is under way.
Red: test_api_refuses_new_requests
"""

from __future__ import annotations

import asyncio
import signal

from starlette.types import ASGIApp, Receive, Scope, Send

from stack.api import app
from stack.processes import POLL


class Busy:
    """Counts what is under way, and stops only once there is nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.count = 0
        self.orderly = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda *_: asyncio.get_event_loop().call_soon_threadsafe(self.stop))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self.count += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.count -= 1

    def stop(self) -> None:
        """Later, while something is under way: the lifespan counts as one."""
        if self.count > 1:
            asyncio.get_running_loop().call_later(POLL, self.stop)
        elif callable(self.orderly):
            self.orderly(signal.SIGTERM, None)


def api() -> ASGIApp:
    """The API, with the defect."""
    return Busy(app.create())
