"""The reference API as a process: its readiness, its log, its end, and that no input makes it fail."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stack.api_client import A, System, refusal, system, until

LINE = {"ts", "level", "message", "request_id", "method", "path", "status", "error_code", "duration_ms"}


@pytest.fixture(scope="module")
def api() -> Iterator[System]:
    with system() as running:
        yield running


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def line_of(api: System, answer: httpx.Response) -> dict[str, object]:
    """The one line of the answer's request; it is written just after the answer is sent."""
    request = {"message": "request", "request_id": answer.headers["x-request-id"]}

    def found() -> list[dict[str, object]]:
        return [line for line in lines(api.log) if line.items() >= request.items()]

    until(lambda: found() != [])
    [line] = found()
    return line


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/version").status_code == 200
    except httpx.TransportError:
        return False


def test_health_and_version_need_no_token(api: System) -> None:
    assert api.http.get("/healthz").status_code == 200
    [head] = api.sql("select max(version) as version from supabase_migrations.schema_migrations")
    deployed = {"commit": api["COMMIT"], "clean": True, "release": api["RELEASE"], "deployed_at": api["DEPLOYED_AT"]}
    assert api.http.get("/version").json() == {**deployed, "migration": head["version"]}


def test_without_its_database_it_starts_answers_503_and_still_stops(api: System, tmp_path: Path) -> None:
    nowhere = f"postgresql://authenticator@/postgres?host={tmp_path}"
    with api.another_api(tmp_path / "log", STACK_AUTHENTICATOR_DSN=nowhere) as (url, process):
        until(lambda: answers(url))
        assert refusal(httpx.get(f"{url}/healthz", timeout=10)) == (503, "ServiceUnavailable")
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    assert all("ts" in line for line in lines(tmp_path / "log"))


def test_it_recovers_when_the_database_drops_its_connections(api: System) -> None:
    with psycopg.connect(api["AUTHENTICATOR_DSN"]) as one_of_them:
        one_of_them.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = user and pid <> pg_backend_pid()"
        )
    assert api.call("GET", "/enrollments").status_code == 200


def test_a_request_under_way_is_answered_before_it_stops(api: System, tmp_path: Path) -> None:
    body = {"enrollment_id": api.enrollment(A), "outcome": "passed"}
    headers = {"authorization": f"Bearer {api.token('assessor')}", "x-event-id": A}
    with (
        api.another_api(tmp_path / "log") as (url, process),
        psycopg.connect(api["DATABASE_DSN"]) as blocking,
        ThreadPoolExecutor(1) as client,
    ):
        until(lambda: answers(url))
        blocking.execute("lock table public.graduation_decisions in share mode")
        answer = client.submit(httpx.post, f"{url}/decisions", headers=headers, json=body, timeout=20)
        until(lambda: len(api.sql("select pid from pg_locks where not granted")) == 1)
        process.send_signal(signal.SIGTERM)
        until(lambda: not answers(url))
        blocking.rollback()
        assert answer.result().status_code == 201
        process.wait(10)


def test_every_request_leaves_one_line_of_json(api: System) -> None:
    line = line_of(api, api.call("GET", "/enrollments", "organizer", A))
    assert set(line) == LINE | {"user_id", "event_id"}
    assert (line["level"], line["method"], line["path"], line["status"]) == ("info", "GET", "/enrollments", 200)
    assert (line["user_id"], line["event_id"]) == ("aaaaaaaa-0000-4000-8000-000000000001", A)


def test_a_refusal_is_logged_with_its_code(api: System) -> None:
    line = line_of(api, api.call("GET", "/enrollments", "outsider", A))
    assert (line["level"], line["status"], line["error_code"]) == ("warning", 403, "PermissionDeniedForEvent")


def test_a_decision_made_is_logged_and_a_refused_one_is_not(api: System) -> None:
    body = {"enrollment_id": api.enrollment(A), "outcome": "failed"}
    decision = api.call("POST", "/decisions", "assessor", json=body).json()["data"]
    again = line_of(api, api.call("POST", "/decisions", "assessor", json=body))
    made = [line for line in lines(api.log) if line["message"] == "graduation_decision"]
    assert (made[-1]["decision_id"], made[-1]["event_id"]) == (decision["id"], A)
    assert again["request_id"] not in {line["request_id"] for line in made}


def test_no_token_password_or_address_reaches_the_log(api: System) -> None:
    canary = "kenari-rahasia"
    token = api.token("organizer")
    person = {"email": f"{canary}@runbook.example", "password": canary}
    headers = {"authorization": f"Bearer {token}{canary}", "x-event-id": canary, "cookie": canary, "user-agent": canary}
    sent = [
        api.sign_in(**person),
        api.http.get(f"/{canary}/{token}", params=person, headers=headers),
        api.http.get("/events", params=person | {"access_token": token}, headers=headers),
        api.http.post("/enrollments", json=person, headers={"authorization": f"Bearer {token}", "x-event-id": canary}),
        api.call("POST", "/decisions", json=person),
    ]
    api.sql("alter table public.participants rename column full_name to away")
    try:
        sent.append(api.call("GET", "/enrollments"))
    finally:
        api.sql("alter table public.participants rename column away to full_name")
    failed = [line_of(api, answer) for answer in sent][-1]
    log = api.log.read_text(encoding="utf-8")
    assert (failed["status"], failed["level"], failed["exception"]) == (500, "error", "UndefinedColumn")
    for secret in (canary, token, "@runbook.example", api["PASSWORD"], api["ANON_KEY"], api["JWT_SECRET"], "Bearer"):
        assert secret not in log


def raw(api: System, head: bytes, body: bytes) -> int:
    """The status of the answer to bytes that no client library would send."""
    address = urlsplit(api["API_URL"])
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(
            b"%s\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % (head, len(body)) + body
        )
        with connection.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def test_what_is_not_http_is_refused_and_logged_as_json(api: System) -> None:
    assert raw(api, b"GET / HTTP/1.1\r\nx-event-id: \x00", b"") == 400
    until(lambda: lines(api.log)[-1]["message"] == "Invalid HTTP request received.")


@pytest.mark.parametrize("value", [b" ", b"\t", b" \t "])
def test_a_blank_event_is_no_event(api: System, value: bytes) -> None:
    bearer = api.token("organizer").encode()
    head = b"GET /enrollments HTTP/1.1\r\nauthorization: Bearer %s\r\nx-event-id:%s" % (bearer, value)
    assert raw(api, head, b"") == 400


octets = st.binary(max_size=60).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b""))
values = st.one_of(octets, st.sampled_from([A.encode(), b"", b"Bearer ", b"null", b"\xa0"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    route=st.sampled_from(
        ["GET /events", "GET /audit", "POST /enrollments", "POST /decisions", "POST /auth/v1/token?grant_type=password"]
    ),
    headers=st.lists(
        st.tuples(st.sampled_from([b"x-event-id", b"authorization", b"apikey", b"origin"]), values), max_size=3
    ),
    body=octets,
    signed_in=st.booleans(),
)
def test_no_bytes_in_a_request_make_it_fail(
    api: System, route: str, headers: list[tuple[bytes, bytes]], body: bytes, *, signed_in: bool
) -> None:
    if signed_in:
        bearer = f"Bearer {api.token('organizer')}".encode()
        headers = [(b"apikey", api["ANON_KEY"].encode()), (b"authorization", bearer), *headers]
    head = b"\r\n".join([f"{route} HTTP/1.1".encode(), *(b"%s: %s" % header for header in headers)])
    assert raw(api, head, body) < 500


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/enrollments", "/decisions"]),
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["participant_id", "enrollment_id", "outcome", "event_id"]), inner, max_size=3
            )
        ),
        max_leaves=6,
    ),
)
def test_no_json_makes_it_fail(api: System, path: str, body: object) -> None:
    headers = {"authorization": f"Bearer {api.token('organizer')}", "x-event-id": A}
    answer = api.http.post(path, headers=headers, content=json.dumps(body))
    assert answer.status_code == 422
