"""What the API answers. No statement filters by event: row-level security does, and a hole in it shows here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stack.api import body, database, guard, log, settings, tokens
from stack.api.errors import ApiError, GrantError

HEALTH_SECONDS = 2
OUTCOMES = frozenset({"passed", "failed"})

EVENTS = """
select event.id, event.name, event.starts_on, event.ends_on, member.role
from public.events as event
join public.event_members as member on member.event_id = event.id and member.user_id = (select auth.uid())
order by event.starts_on, event.name
"""
EVENT = "select id, name, starts_on, ends_on from public.events where id = %s"
ENROLLMENTS = """
select enrollment.id, enrollment.event_id, enrollment.participant_id, participant.full_name as participant_name,
       enrollment.status, enrollment.created_at
from public.enrollments as enrollment
left join public.participants as participant on participant.id = enrollment.participant_id
order by participant.full_name, enrollment.id
"""
ENROLL = """
insert into public.enrollments (event_id, participant_id)
select event_id, id from public.participants where id = %s
returning id, event_id, participant_id, status, created_at
"""
DECISIONS = """
select decision.id, enrollment.event_id, decision.enrollment_id, decision.outcome, decision.decided_by,
       decision.decided_at
from public.graduation_decisions as decision
join public.enrollments as enrollment on enrollment.id = decision.enrollment_id
order by decision.decided_at, decision.id
"""
DECIDE = """
insert into public.graduation_decisions (enrollment_id, outcome)
select id, %s from public.enrollments where id = %s
returning id, enrollment_id, outcome, decided_by, decided_at
"""
AUDIT = """
select id, event_id, actor_id, action, record_id, occurred_at, detail from public.audit_log order by id
"""


async def list_events(request: Request) -> Response:
    """The caller's events, with the caller's role in each."""
    claims = tokens.claims_of(request)
    async with database.transaction(request, claims, None) as connection:
        found = await connection.execute(EVENTS)
        return answer({"data": await found.fetchall()})


async def current_event(request: Request) -> Response:
    """The event that the request is in."""
    async with guard.admitted(request) as context:
        found = await context.connection.execute(EVENT, [context.event])
        event = await found.fetchone()
    if event is None:
        raise ApiError("NotFound")
    return answer({"data": event | {"role": context.role}})


def rows(statement: str) -> Callable[[Request], Awaitable[Response]]:
    """Answers with the rows of a statement that is run in the request's event."""

    async def endpoint(request: Request) -> Response:
        async with guard.admitted(request) as context:
            found = await context.connection.execute(statement)
            return answer({"data": await found.fetchall()})

    return endpoint


async def enroll(request: Request) -> Response:
    """Enrol a participant of the event. Raises NotFound for any other, EnrollmentAlreadyExists the second time."""
    async with guard.admitted(request) as context:
        participant = body.uuid(body.fields(request, "participant_id"), "participant_id")
        enrollment = await _inserted(context, ENROLL, [participant])
    return answer({"data": enrollment}, 201)


async def decide(request: Request) -> Response:
    """Decide whether an enrolled participant passed. Raises NotFound, or DecisionAlreadyExists the second time."""
    async with guard.admitted(request) as context:
        content = body.fields(request, "enrollment_id", "outcome")
        enrollment = body.uuid(content, "enrollment_id")
        if content["outcome"] not in OUTCOMES:
            raise ApiError("ValidationFailed", "outcome must be passed or failed.")
        decision = await _inserted(context, DECIDE, [content["outcome"], enrollment])
    log.decision(request, decision["id"])
    return answer({"data": decision | {"event_id": context.event}}, 201)


async def sign_in(request: Request) -> Response:
    """The password grant of Supabase Auth."""
    tokens.check_api_key(request)
    if request.query_params.get("grant_type") != "password":
        raise GrantError("invalid_credentials", "unsupported_grant_type")
    await body.read(request)
    try:
        content = body.fields(request, "email", "password")
    except ApiError as error:
        raise GrantError("validation_failed", error.message) from None
    return answer(await tokens.grant(request, content["email"], content["password"]))


async def health(request: Request) -> Response:
    """200 while the database answers within HEALTH_SECONDS, else 503."""
    pool: database.Pool = request.app.state.pool
    async with asyncio.timeout(HEALTH_SECONDS), pool.connection() as connection:
        await connection.execute("select 1")
    return answer({"status": "ok"})


async def version(request: Request) -> Response:
    """The deployed commit, whether its tree was clean, what it is called, when it was deployed, and the last migration
    that came with it (the API cannot read the database's record)."""
    known = settings.of(request)
    deployed = {"commit": known.commit, "clean": known.clean, "release": known.release}
    return answer({**deployed, "deployed_at": known.deployed_at, "migration": known.migration})


def table() -> list[Route]:
    """Path and method of every answer."""
    return [
        Route("/healthz", health),
        Route("/version", version),
        Route("/auth/v1/token", sign_in, methods=["POST"]),
        Route("/events", list_events),
        Route("/events/current", current_event),
        Route("/enrollments", rows(ENROLLMENTS)),
        Route("/enrollments", enroll, methods=["POST"]),
        Route("/decisions", rows(DECISIONS)),
        Route("/decisions", decide, methods=["POST"]),
        Route("/audit", rows(AUDIT)),
    ]


def answer(content: dict[str, Any], status: int = 200) -> Response:
    """The content as JSON: dates and times in ISO 8601, ids as text."""
    return Response(json.dumps(content, default=_text), status, media_type="application/json")


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


async def _inserted(context: guard.EventContext, statement: str, values: list[object]) -> database.Row:
    """The row that the statement inserted. Raises NotFound where it selected nothing to insert."""
    found = await context.connection.execute(statement, values)
    row = await found.fetchone()
    if row is None:
        raise ApiError("NotFound")
    return row
