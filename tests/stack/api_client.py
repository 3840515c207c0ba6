"""A running system for the tests of its API and Admin, and what they ask of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
from psycopg.rows import dict_row

from stack.supervisor import ROOT, started

A = "11111111-1111-4111-8111-111111111111"
B = "22222222-2222-4222-8222-222222222222"

Row = dict[str, object]


class System:
    """The environment of a running system, its API's log, a client of its API and its operator's connection."""

    def __init__(
        self, environment: dict[str, str], log: Path, http: httpx.Client, operator: psycopg.Connection[Row]
    ) -> None:
        self.environment = environment
        self.log = log
        self.http = http
        self._operator = operator
        self._tokens: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """The variable STACK_<name>."""
        return self.environment[f"STACK_{name}"]

    def sign_in(self, email: object, password: object) -> httpx.Response:
        """The answer to a password grant."""
        return self.http.post(
            "/auth/v1/token",
            params={"grant_type": "password"},
            headers={"apikey": self["ANON_KEY"]},
            json={"email": email, "password": password},
        )

    def token(self, person: str) -> str:
        """The seeded person's token; each signs in once."""
        if person not in self._tokens:
            answer = self.sign_in(f"{person}@runbook.example", self["PASSWORD"])
            self._tokens[person] = answer.json()["access_token"]
        return self._tokens[person]

    def call(
        self, method: str, path: str, person: str = "organizer", event: str | None = A, json: object = None
    ) -> httpx.Response:
        """The answer to a person's request, in an event unless that is None."""
        headers = {"authorization": f"Bearer {self.token(person)}"} | ({"x-event-id": event} if event else {})
        return self.http.request(method, path, headers=headers, json=json)

    def sql(self, statement: str, *values: object) -> list[Row]:
        """The rows of a statement that the operator runs and commits."""
        cursor = self._operator.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def participant(self, event: str) -> str:
        """The id of a new participant, who is not enrolled."""
        [row] = self.sql(
            "insert into participants (event_id, full_name, email) values (%s, 'Sari Uji', %s) returning id",
            event,
            f"{uuid4()}@peserta.example",
        )
        return str(row["id"])

    def enrollment(self, event: str) -> str:
        """The id of a new enrollment, which is undecided."""
        [row] = self.sql(
            "insert into enrollments (event_id, participant_id) values (%s, %s) returning id",
            event,
            self.participant(event),
        )
        return str(row["id"])

    @contextmanager
    def another_api(self, log: Path, **changed: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        """One more API process, with variables changed: its address, and the process. It may not be ready yet."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        command = [sys.executable, "-m", "uvicorn", "--factory", "stack.api.app:create", "--port", port]
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [*command, "--no-access-log", "--log-level", "warning"],
                cwd=ROOT,
                env=os.environ | self.environment | changed,
                stderr=stderr,
            )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait()


@contextmanager
def system() -> Iterator[System]:
    """A system of one's own, stopped and removed at the end; after a failure to stop its logs stay."""
    state = ROOT / ".runbook" / f"tests-api-{os.getpid()}"
    with (
        started(state) as environment,
        httpx.Client(base_url=environment["STACK_API_URL"], timeout=10) as http,
        psycopg.connect(environment["STACK_DATABASE_DSN"], autocommit=True, row_factory=dict_row) as operator,
    ):
        yield System(environment, state / "logs" / "api.log", http, operator)
    shutil.rmtree(state)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which has the one shape and nothing beside it."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "request_id"}
    assert body["error"]["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, body["error"]["code"]


def until(happens: Callable[[], bool], seconds: float = 10) -> None:
    """Poll until it happens. Raises AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
