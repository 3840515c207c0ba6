"""Who and what is seeded, how to be one of them, and what the policies answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import psycopg
from psycopg import errors

Cursor = psycopg.Cursor[tuple[object, ...]]
Acting = Callable[..., AbstractContextManager[Cursor]]

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"
ORGANIZER, ASSESSOR, PARTICIPANT, ORGANIZER_B, ASSESSOR_B, PARTICIPANT_B, BOTH, OUTSIDER = PEOPLE = [
    f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(1, 9)
]
UNDECIDED_A, UNDECIDED_B = "cccccccc-0000-4000-8000-000000000002", "cccccccc-0000-4000-8000-000000000006"
# Rows of each event: its first participant with the enrolment, and its first session.
ROWS = {
    event: {
        "event": event,
        "participant": f"bbbbbbbb-0000-4000-8000-{number:012}",
        "enrollment": f"cccccccc-0000-4000-8000-{number:012}",
        "session": f"dddddddd-0000-4000-8000-{number:012}",
    }
    for event, number in ((A, 1), (B, 5))
}
PUBLIC = "provinces"
EVENT_TABLES = (
    "events",
    "event_members",
    "participants",
    "enrollments",
    "sessions",
    "attendance",
    "graduation_decisions",
    "audit_log",
)
VIEWS = ("event_roster", "decision_summary")


def become(cursor: Cursor, person: str | None, event: str | None, role: str) -> None:
    """Take on role, claims and headers for the rest of the transaction."""
    claims: Mapping[str, str] = {"role": role} if person is None else {"role": role, "sub": person}
    headers: Mapping[str, str] = {} if event is None else {"x-event-id": event}
    cursor.execute(
        "select set_config('request.jwt.claims', %s, true), set_config('request.headers', %s, true),"
        " set_config('role', %s, true)",
        [json.dumps(claims), json.dumps(headers), role],
    )


def let_through(cursor: Cursor, statement: str, values: Mapping[str, str] | Sequence[str]) -> bool:
    """Whether the policies let the write through: a unique index is asked after them, and nothing else may refuse."""
    try:
        cursor.execute(statement.encode(), values)
    except errors.UniqueViolation:
        return True
    except errors.InsufficientPrivilege as refused:
        if refused.diag.source_function != "ExecWithCheckOptions":
            raise
        return False
    return True
