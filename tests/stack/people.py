"""Who and what is seeded, for the tests of the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg

Cursor = psycopg.Cursor[tuple[object, ...]]
Acting = Callable[..., AbstractContextManager[Cursor]]

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"
ORGANIZER, ASSESSOR, PARTICIPANT, ORGANIZER_B, ASSESSOR_B, PARTICIPANT_B, BOTH, OUTSIDER = PEOPLE = [
    f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(1, 9)
]
PARTICIPANT_OF_B = "bbbbbbbb-0000-4000-8000-000000000005"
UNDECIDED_A, UNDECIDED_B = "cccccccc-0000-4000-8000-000000000002", "cccccccc-0000-4000-8000-000000000006"
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
