"""Logs as JSON lines on stderr: what happened, to which request, never a token, a body or an e-mail address."""

from __future__ import annotations

import json
import logging
import time
import traceback
from datetime import UTC, datetime
from uuid import UUID, uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stack.api import errors

logger = logging.getLogger("stack.api")


class JsonLines(logging.Formatter):
    """One JSON object a record. Of an exception only its type and where: PostgreSQL's messages quote row values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])
            line["exception"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line)


def configure() -> None:
    """Make JSON lines of everything that is logged in this process, uvicorn's own messages included."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    logger.setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def decision(request: Request, decision_id: UUID) -> None:
    """Log that a graduation decision was made; call it only once the decision is committed."""
    fields = {**_context(request.scope), "decision_id": str(decision_id)}
    logger.info("graduation_decision", extra={"fields": fields})


def _context(scope: Scope) -> dict[str, object]:
    """Who asked for what. A path that is no route is left out: a client can write anything into it."""
    state = scope["state"]
    context = {
        "request_id": state["request_id"],
        "method": scope["method"],
        "path": scope["path"] if "endpoint" in scope else None,
    }
    return context | {key: str(state[key]) for key in ("user_id", "event_id") if key in state}


class RequestLog:
    """Gives every request its id and its log line, and every exception its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, failure = time.perf_counter(), 0, None
        state = scope.setdefault("state", {})
        state["request_id"] = str(uuid4())

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = state["request_id"]
                headers["cache-control"] = "no-store"
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:
            failure = error
            response = await errors.answer(Request(scope), error)
            await response(scope, receive, send_with_id)
        level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
        outcome = {
            "status": status,
            "error_code": state.get("error_code"),
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
        }
        trace = failure if status >= 500 else None
        logger.log(level, "request", extra={"fields": _context(scope) | outcome}, exc_info=trace)
