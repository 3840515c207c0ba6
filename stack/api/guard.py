"""EventContext: nothing inside an event happens without a usable x-event-id of an event that the caller belongs to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

from starlette.requests import Request

from stack.api import body, database, tokens, uuids
from stack.api.errors import ApiError

HEADER = "x-event-id"
NIL = UUID(int=0)


class EventContext(NamedTuple):
    """A transaction in one event, as a member of it."""

    connection: database.Connection
    event: UUID
    role: str


def event_of(request: Request) -> UUID:
    """The event in the header. Raises EventContextRequired for none or a blank, EventContextInvalid for a bad one."""
    values = request.headers.getlist(HEADER)
    if len(values) > 1:
        raise ApiError("EventContextInvalid")
    if not values or not values[0].strip():
        raise ApiError("EventContextRequired")
    event = uuids.canonical(values[0])
    if event is None or event == NIL:
        raise ApiError("EventContextInvalid")
    return event


async def role_in(connection: database.Connection, event: UUID) -> str:
    """The caller's role in the event. Raises PermissionDeniedForEvent for an unknown event as for another's."""
    found = await connection.execute(
        "select role from public.event_members where event_id = %s and user_id = (select auth.uid())", [event]
    )
    member = await found.fetchone()
    if member is None:
        raise ApiError("PermissionDeniedForEvent")
    return str(member["role"])


@asynccontextmanager
async def admitted(request: Request) -> AsyncIterator[EventContext]:
    """The request's EventContext: the token first, then the header, then the membership. Its body is judged later."""
    claims = tokens.claims_of(request)
    event = event_of(request)
    request.state.event_id = event
    await body.read(request)
    async with database.transaction(request, claims, event) as connection:
        yield EventContext(connection, event, await role_in(connection, event))
