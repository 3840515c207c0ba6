"""What the reference API answers: the EventContext guard, CORS, and every refusal, over HTTP on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.stack.api_client import A, B, System, refusal, system

LISTS = ["/enrollments", "/decisions", "/audit"]
GUARDED = [
    ("GET", "/events/current"),
    *(("GET", path) for path in LISTS),
    ("POST", "/enrollments"),
    ("POST", "/decisions"),
]
NIL = "00000000-0000-0000-0000-000000000000"
REQUIRED = (400, "EventContextRequired")
INVALID = (400, "EventContextInvalid")
UNUSABLE = {
    "absent": ([], REQUIRED),
    "empty": ([b""], REQUIRED),
    "no-break space": ([b"\xa0"], REQUIRED),
    "malformed": ([b"event-a"], INVALID),
    "without hyphens": ([A.replace("-", "").encode()], INVALID),
    "in braces": ([b"{%s}" % A.encode()], INVALID),
    "as a URN": ([b"urn:uuid:" + A.encode()], INVALID),
    "one digit short": ([A[:-1].encode()], INVALID),
    "two headers": ([A.encode(), B.encode()], INVALID),
    "two headers, the same": ([A.encode(), A.encode()], INVALID),
    "two headers, one empty": ([A.encode(), b""], INVALID),
    "comma list": ([f"{A},{B}".encode()], INVALID),
    "over-long": ([b"1" * 10_000], INVALID),
    "non-ASCII": ([b"\xef\xbc\x91" + A[1:].encode()], INVALID),
    "injected SQL": ([A.encode() + b"' or '1'='1"], INVALID),
    "nil UUID": ([NIL.encode()], INVALID),
    "nobody's event": ([b"6d1f3c52-7b0e-4d0a-9a35-0f6c1f4e8b77"], (403, "PermissionDeniedForEvent")),
    "another's event": ([B.encode()], (403, "PermissionDeniedForEvent")),
}


@pytest.fixture(scope="module")
def api() -> Iterator[System]:
    with system() as running:
        yield running


@pytest.mark.parametrize(
    ("person", "events"),
    [
        ("organizer", {A: "organizer"}),
        ("assessor-b", {B: "assessor"}),
        ("both", {A: "organizer", B: "assessor"}),
        ("outsider", {}),
    ],
)
def test_the_list_holds_the_callers_events_and_no_others(api: System, person: str, events: dict[str, str]) -> None:
    answer = api.call("GET", "/events", person, event=None)
    assert answer.status_code == 200
    assert {event["id"]: event["role"] for event in answer.json()["data"]} == events
    assert all(set(event) == {"id", "name", "starts_on", "ends_on", "role"} for event in answer.json()["data"])


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("name", UNUSABLE)
def test_the_guard_refuses_a_request_without_a_usable_event(api: System, name: str, method: str, path: str) -> None:
    values, expected = UNUSABLE[name]
    headers = [(b"authorization", f"Bearer {api.token('organizer')}".encode())]
    headers += [(b"x-event-id", value) for value in values]
    answer = api.http.request(method, path, headers=headers, params={"x-event-id": A, "event_id": A})
    assert refusal(answer) == expected


@pytest.mark.parametrize("path", ["/events/current", *LISTS])
@pytest.mark.parametrize("event", [A, B])
def test_a_member_of_two_events_gets_only_the_one_that_the_header_names(api: System, path: str, event: str) -> None:
    answer = api.call("GET", f"{path}?x-event-id={A}", "both", event.upper())
    assert answer.status_code == 200
    data = answer.json()["data"]
    rows = data if isinstance(data, list) else [{"event_id": data["id"]}]
    assert {row["event_id"] for row in rows} <= {event}
    assert rows or path == "/audit"  # which an assessor, as in B, may not read


def test_an_unknown_event_and_another_events_get_the_same_answer(api: System) -> None:
    bodies = [api.call("GET", "/enrollments", "organizer", event).json()["error"] for event in (B, str(uuid4()))]
    assert bodies[0] | {"request_id": ""} == bodies[1] | {"request_id": ""}


def test_authentication_comes_first_then_the_event_then_the_body(api: System) -> None:
    bad = b"not JSON"
    signed_in = {"authorization": f"Bearer {api.token('organizer')}"}
    steps: list[tuple[dict[str, str], tuple[int, str]]] = [
        ({"x-event-id": "bad"}, (401, "AuthenticationRequired")),
        (signed_in | {"x-event-id": "bad"}, INVALID),
        (signed_in | {"x-event-id": B}, (403, "PermissionDeniedForEvent")),
        (signed_in | {"x-event-id": A}, (422, "ValidationFailed")),
    ]
    for headers, expected in steps:
        assert refusal(api.http.post("/decisions", headers=headers, content=bad)) == expected


@pytest.mark.parametrize("path", ["/enrollments", "/decisions"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"participant_id": "x"}',
        b'{"participant_id": null}',
        b'{"participant_id": "\\u0000"}',
        b'{"participant_id": "11111111-1111-4111-8111-111111111111", "event_id": "x"}',
        b'{"enrollment_id": "11111111-1111-4111-8111-111111111111", "outcome": "maybe"}',
        b'{"enrollment_id": "\\ud800", "outcome": "passed"}',
        b"[" * 10_000,
        b"1" * 10_000,
        b" " * 100_000,
    ],
    ids=lambda content: repr(content[:60]),
)
def test_a_body_that_is_not_well_formed_is_refused(api: System, path: str, content: bytes) -> None:
    headers = {"authorization": f"Bearer {api.token('organizer')}", "x-event-id": A}
    assert refusal(api.http.post(path, headers=headers, content=content)) == (422, "ValidationFailed")


def test_a_participant_is_enrolled_once(api: System) -> None:
    body = {"participant_id": api.participant(A)}
    answer = api.call("POST", "/enrollments", json=body)
    assert (answer.status_code, answer.json()["data"]["event_id"]) == (201, A)
    listed = api.call("GET", "/enrollments").json()["data"]
    assert answer.json()["data"]["id"] in {row["id"] for row in listed}
    assert refusal(api.call("POST", "/enrollments", json=body)) == (409, "EnrollmentAlreadyExists")


def test_of_two_who_enrol_at_once_one_gets_the_conflict(api: System) -> None:
    body = {"participant_id": api.participant(A)}
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda _: api.call("POST", "/enrollments", json=body), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


@pytest.mark.parametrize("person", ["assessor", "participant"])
def test_only_an_organizer_enrols(api: System, person: str) -> None:
    body = {"participant_id": api.participant(A)}
    assert refusal(api.call("POST", "/enrollments", person, json=body)) == (403, "PermissionDenied")


@pytest.mark.parametrize("person", ["organizer", "both"])
def test_another_events_participant_is_no_different_from_nobody(api: System, person: str) -> None:
    for participant in (api.participant(B), str(uuid4())):
        answer = api.call("POST", "/enrollments", person, json={"participant_id": participant})
        assert refusal(answer) == (404, "NotFound")


def test_a_decision_leaves_an_audit_entry_that_says_who_what_and_which_event(api: System) -> None:
    body = {"enrollment_id": api.enrollment(A), "outcome": "passed"}
    answer = api.call("POST", "/decisions", "assessor", json=body)
    decision = answer.json()["data"]
    assert answer.status_code == 201
    assert set(decision) == {"id", "event_id", "enrollment_id", "outcome", "decided_by", "decided_at"}
    [entry] = [row for row in api.call("GET", "/audit").json()["data"] if row["record_id"] == decision["id"]]
    assert (entry["event_id"], entry["actor_id"]) == (A, decision["decided_by"])
    assert (entry["action"], entry["detail"]) == ("graduation_decision.insert", {"outcome": "passed"})
    listed = api.call("GET", "/decisions").json()["data"]
    assert decision in listed
    assert refusal(api.call("POST", "/decisions", json=body)) == (409, "DecisionAlreadyExists")


def test_a_participant_neither_decides_nor_reads_decisions_or_the_audit(api: System) -> None:
    body = {"enrollment_id": api.enrollment(A), "outcome": "passed"}
    assert refusal(api.call("POST", "/decisions", "participant", json=body)) == (403, "PermissionDenied")
    for path in ("/decisions", "/audit"):
        assert api.call("GET", path, "participant").json() == {"data": []}


def test_another_events_enrollment_is_no_different_from_nothing(api: System) -> None:
    for enrollment in (api.enrollment(B), str(uuid4())):
        body = {"enrollment_id": enrollment, "outcome": "failed"}
        assert refusal(api.call("POST", "/decisions", "both", json=body)) == (404, "NotFound")


def test_a_request_leaves_nothing_of_its_caller_on_the_connection(api: System) -> None:
    callers = [("organizer", A), ("organizer-b", B), ("outsider", None), ("both", B)] * 15
    expected = {"organizer": {A}, "organizer-b": {B}, "both": {B}, "outsider": set[str]()}

    def seen(caller: tuple[str, str | None]) -> set[str]:
        person, event = caller
        path = "/enrollments" if event else "/events"
        return {row["event_id"] for row in api.call("GET", path, person, event).json()["data"]}

    for person in expected:
        api.token(person)
    with ThreadPoolExecutor(12) as many:
        assert list(many.map(seen, callers)) == [expected[person] for person, _ in callers]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, "NotFound")),
        ("GET", "/events/", (404, "NotFound")),
        ("GET", "/%ff%00", (404, "NotFound")),
        ("PUT", "/events", (405, "MethodNotAllowed")),
        ("DELETE", "/decisions", (405, "MethodNotAllowed")),
        ("GET", "/auth/v1/token", (405, "MethodNotAllowed")),
        ("BREW", "/audit", (405, "MethodNotAllowed")),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_shape(
    api: System, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert refusal(api.http.request(method, path)) == expected


def preflight(
    api: System, origin: str, method: str = "GET", headers: str = "authorization,x-event-id"
) -> httpx.Response:
    asked = {"access-control-request-method": method, "access-control-request-headers": headers}
    return api.http.options("/enrollments", headers={"origin": origin} | asked)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_admins_preflight_is_allowed(api: System, method: str) -> None:
    answer = preflight(api, api["ADMIN_URL"], method, "apikey,authorization,content-type,x-event-id")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == api["ADMIN_URL"]
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        lambda origin: "https://elsewhere.example",
        lambda origin: "null",
        lambda origin: origin + ".evil.example",
        lambda origin: origin + "0",
        lambda origin: origin[:-1],
        lambda origin: origin.replace("http:", "https:"),
        lambda origin: origin.replace("127.0.0.1", "localhost"),
        lambda origin: origin + "/",
        lambda origin: "*",
    ],
    ids=["another site", "null", "suffix", "longer port", "shorter port", "https", "localhost", "slash", "star"],
)
def test_no_other_origin_is_allowed(api: System, changed: Callable[[str], str]) -> None:
    origin = changed(api["ADMIN_URL"])
    actual = api.http.get("/events", headers={"origin": origin})
    for answer in (preflight(api, origin), actual):
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(("method", "headers"), [("DELETE", "x-event-id"), ("PUT", "x-event-id"), ("GET", "x-other")])
def test_a_preflight_for_more_than_the_admin_needs_is_refused(api: System, method: str, headers: str) -> None:
    assert preflight(api, api["ADMIN_URL"], method, headers).status_code == 400


def test_the_admin_can_read_every_refusal(api: System) -> None:
    origin = {"origin": api["ADMIN_URL"]}
    api.sql("alter table public.audit_log rename to audit_log_away")
    try:
        signed_in = {"authorization": f"Bearer {api.token('organizer')}", "x-event-id": A}
        broken = api.http.get("/audit", headers=origin | signed_in)
    finally:
        api.sql("alter table public.audit_log_away rename to audit_log")
    answers = {
        401: api.http.get("/events", headers=origin),
        404: api.http.get("/nothing", headers=origin),
        500: broken,
    }
    for status, answer in answers.items():
        assert refusal(answer)[0] == status
        assert answer.headers["access-control-allow-origin"] == api["ADMIN_URL"]
        assert answer.headers["access-control-expose-headers"] == "x-request-id"
    assert refusal(broken) == (500, "InternalError")
