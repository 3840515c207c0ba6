"""Request bodies: small JSON objects of known fields."""

from __future__ import annotations

import json
from uuid import UUID

from starlette.requests import Request

from stack.api import uuids
from stack.api.errors import ApiError

LIMIT_BYTES = 16 * 1024


async def read(request: Request) -> None:
    """Receive the body, before a transaction waits for it. Raises ValidationFailed beyond LIMIT_BYTES."""
    received = b""
    async for chunk in request.stream():
        received += chunk
        if len(received) > LIMIT_BYTES:
            raise ApiError("ValidationFailed", f"The body is longer than {LIMIT_BYTES} bytes.")
    request.state.body = received


def fields(request: Request, *names: str) -> dict[str, str]:
    """The received object's fields, all of them text and exactly these. Raises ValidationFailed otherwise."""
    try:
        content = json.loads(request.state.body)
    except (ValueError, RecursionError):
        raise ApiError("ValidationFailed", "The body must be JSON.") from None
    if not isinstance(content, dict) or set(content) != set(names) or not all(map(_is_text, content.values())):
        raise ApiError("ValidationFailed", f"The body must be an object with the texts {', '.join(names)}.")
    return content


def uuid(content: dict[str, str], name: str) -> UUID:
    """The field as a UUID. Raises ValidationFailed when it is none."""
    if (value := uuids.canonical(content[name])) is None:
        raise ApiError("ValidationFailed", f"{name} must be a UUID.")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)
