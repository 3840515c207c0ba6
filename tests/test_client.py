"""The API's client over real HTTP: what is repeated and what is not, and answers that can be shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.api.client import KEPT_HEADERS, Answer, Client
from runbook.errors import Unreachable, Unverified
from runbook.evidence.journal import Journal
from runbook.settings import Timeouts
from tests.servers import Behaviour, Reply, Server, api_at, closed_port

OK = Reply(200, {"content-type": "application/json"}, b'{"data": []}')
BEARER = "a-bearer"
GENEROUS = Timeouts(connect=5, request=5, retry=5)
SHORT = Timeouts(connect=0.3, request=0.3, retry=0.3)
FAR_LESS_THAN_A_REQUEST = 10
"""Seconds: what is bounded by SHORT ends well before, and what is not takes the 30 of a request."""


class Scene:
    """A client in front of a server that does what it is told."""

    def __init__(self) -> None:
        self.journal = Journal()
        self._clients: list[Client] = []

    def client(self, url: str, timeouts: Timeouts = GENEROUS, journal: Journal | None = None) -> Client:
        """A client of the API at an address."""
        self._clients.append(Client(api_at(url), timeouts, journal if journal is not None else self.journal))
        return self._clients[-1]

    def retries(self) -> int:
        """How many repetitions were noted since last time."""
        return sum(fact["kind"] == "retry" for fact in self.journal.take())

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients:
            client.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_dropped_connection_is_tried_again(scene: Scene, method: str) -> None:
    with Server("drop", "drop", Reply(204)) as server:
        answer = scene.client(server.url).send(method, "/events")
    assert answer.status == 204
    assert [request.method for request in server.requests] == [method] * 3
    assert scene.retries() == 2


@pytest.mark.parametrize("behaviour", ["drop", "silence"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_changes_something_is_not_repeated_once_it_may_have_arrived(
    scene: Scene, method: str, behaviour: Literal["drop", "silence"]
) -> None:
    with Server(behaviour) as server:
        client = scene.client(server.url, Timeouts(connect=5, request=0.2, retry=5))
        with pytest.raises(Unreachable):
            client.send(method, "/enrollments", json={})
        server.wait_for(1)
    assert len(server.requests) == 1
    assert scene.retries() == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_whatever_the_method(scene: Scene, method: str) -> None:
    """Nothing can have arrived: the server is there only once the first try is known to have failed."""
    port = closed_port()
    servers: list[Server] = []
    with ExitStack() as running:

        class Starter(Journal):
            def note(self, kind: str, **fact: str | int | float | bool | None) -> None:
                if kind == "retry" and not servers:
                    servers.append(running.enter_context(Server(OK, port=port)))

        assert scene.client(f"http://127.0.0.1:{port}", journal=Starter()).send(method, "/enrollments").ok
    assert [request.method for server in servers for request in server.requests] == [method]


@pytest.mark.parametrize("status", [400, 401, 404, 500, 502, 503, 504])
def test_an_answer_is_never_asked_for_again(scene: Scene, status: int) -> None:
    with Server(Reply(status, {"retry-after": "0"}), OK) as server:
        answer = scene.client(server.url).get("/events")
    assert answer.status == status
    assert len(server.requests) == 1


def test_a_limit_on_requests_is_no_answer(scene: Scene) -> None:
    limited = pytest.raises(Unverified, match=r"GET /events was not answered: the server limits requests \(429\)")
    with Server(Reply(429, {"retry-after": "0"}), OK) as server, limited:
        scene.client(server.url).get("/events")
    assert len(server.requests) == 1


def test_a_redirect_is_an_answer_and_is_not_followed(scene: Scene) -> None:
    with Server(Reply(302, {"location": "/elsewhere"})) as server:
        assert scene.client(server.url).get("/events").status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("behaviour", ["drop", "silence"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_everything_ends_at_one_deadline(scene: Scene, method: str, behaviour: Behaviour) -> None:
    """Tries, their own limits and the pauses between them together: though a single one could take 30 seconds."""
    began = time.monotonic()
    with Server(behaviour) as server:
        client = scene.client(server.url, Timeouts(connect=30, request=30, retry=0.3))
        with pytest.raises(
            Unreachable, match=rf"^{method} /events got no answer from 127\.0\.0\.1 in \d\.\d s \(\w+\)$"
        ):
            client.send(method, "/events")
    assert time.monotonic() - began < FAR_LESS_THAN_A_REQUEST


def test_after_one_silence_later_requests_fail_at_once_and_are_not_sent(scene: Scene) -> None:
    with Server("drop") as server:
        client = scene.client(server.url, SHORT)
        with pytest.raises(Unreachable):
            client.get("/events")
        arrived = len(server.requests)
        with pytest.raises(Unreachable, match=r"^POST /more was not sent, because 127\.0\.0\.1 already gave no answer"):
            client.send("POST", "/more")
        assert client.reach("/events") is None
        assert len(server.requests) == arrived


def test_the_silence_of_one_server_is_not_held_against_another(scene: Scene) -> None:
    with Server("drop") as silent, Server(OK) as other:
        client = scene.client(silent.url, SHORT)
        with pytest.raises(Unreachable):
            client.get("/events")
        assert client.send("GET", f"{other.url}/token").ok


def test_what_cannot_be_sent_is_not_repeated_and_not_taken_for_silence(scene: Scene) -> None:
    with Server(OK) as server:
        client = scene.client(server.url)
        with pytest.raises(Unverified, match=r"^GET /events cannot be sent") as raised:
            client.get("/events", token=f"{BEARER}\nof two lines")
        assert not isinstance(raised.value, Unreachable)
        assert "two lines" not in str(raised.value)
        assert scene.retries() == 0
        assert client.get("/events").ok


def test_an_answer_that_cannot_be_read_is_unverified(scene: Scene) -> None:
    with Server(Reply(200, {"content-encoding": "gzip"}, b"no gzip")) as server, pytest.raises(Unverified):
        scene.client(server.url).get("/events")
    assert len(server.requests) == 1


def test_what_is_on_this_machine_is_not_asked_for_through_a_proxy(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(OK) as server:
        assert scene.client(server.url).get("/events").ok
        assert scene.client(server.url.replace("127.0.0.1", "localhost")).get("/events").ok


def test_requests_carry_token_event_and_headers_as_they_are(scene: Scene) -> None:
    with Server(OK) as server:
        client = scene.client(server.url)
        client.get("/events", token=BEARER, event="an-event")
        client.send("GET", "/events", headers=[("x-event-id", "one"), ("x-event-id", "two"), ("x-event-id", b"\xa0")])
        client.send("POST", "/decisions?a=1", query={"b": "2 3"}, json={"c": [4]})
        client.get("/events")
    first, second, third, last = server.requests
    assert (first.values("authorization"), first.values("x-event-id")) == ([f"Bearer {BEARER}"], ["an-event"])
    assert second.values("x-event-id") == ["one", "two", "\xa0"]
    assert json.loads(third.body) == {"c": [4]}
    assert third.path.endswith("b=2+3") or third.path.endswith("b=2%203")
    assert (last.values("authorization"), last.values("x-event-id")) == ([], [])


def test_the_journal_tells_what_was_asked_and_nothing_of_token_or_body(scene: Scene) -> None:
    body = json.dumps({"error": {"code": "AuthenticationRequired"}, "row": "a-row-value"}).encode()
    with Server(Reply(401, {"x-request-id": "request-1", "set-cookie": "a-cookie"}, body)) as server:
        scene.client(server.url).send("POST", "/events", token=BEARER, query={"q": "a-query"}, json={"a": "a-body"})
    [fact] = scene.journal.take()
    assert {name: value for name, value in fact.items() if name != "milliseconds"} == {
        "kind": "http",
        "request": "POST /events",
        "status": 401,
        "code": "AuthenticationRequired",
        "request_id": "request-1",
    }
    assert isinstance(fact["milliseconds"], float)


def test_an_answer_never_shows_its_body_or_a_header_that_is_not_listed(scene: Scene) -> None:
    body = json.dumps({"data": [{"name": "a-row-value"}], "error": {"code": "a-code-with-data"}}).encode()
    names = ["set-cookie", "location", "server", "authorization", "apikey", "x-anything", *KEPT_HEADERS]
    with Server(Reply(200, {name: f"the-{name}" for name in names}, body)) as server:
        answer = scene.client(server.url).get("/events")
    shown = f"{answer!r} {answer}"
    assert "a-row-value" not in shown
    assert "a-code-with-data" not in shown
    assert answer.code == "(another code)"
    assert {name for name in names if f"the-{name}" in shown} == KEPT_HEADERS
    assert "status=200" in shown


def read(body: object, code_at: str = "error.code") -> Answer:
    """An answer with a body, as the client makes it."""
    scene = Scene()
    with Server(Reply(200, (), json.dumps(body).encode())) as server:
        client = Client(api_at(server.url, code_at), GENEROUS, scene.journal)
        answer = client.get("/")
        client.close()
    return answer


@pytest.mark.parametrize(
    ("body", "code_at", "code"),
    [
        ({"error": {"code": "EventContextRequired"}}, "error.code", "EventContextRequired"),
        ({"code": "PermissionDeniedForEvent"}, "code", "PermissionDeniedForEvent"),
        ({"errors": [{"code": "AuthenticationRequired"}]}, "errors.code", "AuthenticationRequired"),
        ({"error": {"code": "Unheard"}}, "error.code", "(another code)"),
        ({"error": {"code": None}}, "error.code", None),
        ({"error": "EventContextRequired"}, "error.code", None),
        ({"data": []}, "error.code", None),
        ("EventContextRequired", "error.code", None),
        (None, "error.code", None),
    ],
)
def test_the_domain_code_is_read_where_the_settings_say(body: object, code_at: str, code: str | None) -> None:
    assert read(body, code_at).code == code


def answer(body: object) -> Answer:
    return Answer(200, None, {}, 0.01, body, "error")


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"error": {"code": "x"}}, 0),
        ({"error": {"code": "x"}, "data": []}, 1),
        ({"data": [], "more": 1}, 2),
        ({"error": "x", "message": "text beside a code at the top"}, 0),
        ({"error": "x", "data": [1]}, 1),
        ({}, 0),
        (None, 0),
        ("", 0),
        ("text", 1),
        ([], 1),
        ([1], 1),
        (0, 1),
        (False, 1),
    ],
)
def test_what_stands_beside_the_error_is_counted(body: object, count: int) -> None:
    assert answer(body).values_beside_error == count


NESTED = {"data": [{"id": 1, "event": {"id": "a"}}, {"id": 2, "event": {"id": None}}, {"event": 5}], "id": "top"}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("data.id", ["1", "2"]),
        ("data.event.id", ["a"]),
        ("id", ["top"]),
        ("data.nothing", []),
        ("nothing.id", []),
        ("data.id.more", []),
    ],
)
def test_values_at_a_path_walk_through_lists(path: str, values: list[str]) -> None:
    assert answer(NESTED).values_at(path) == values


def test_values_at_a_path_walk_through_a_list_at_the_top() -> None:
    assert answer([{"id": 1}, [{"id": 2}]]).values_at("id") == ["1", "2"]


def test_identifiers_are_those_of_every_row_at_any_depth() -> None:
    assert answer(NESTED).identifiers == {"1", "a", "2", "top"}
    assert answer("id").identifiers == set()


def test_texts_are_single_values_and_no_keys() -> None:
    assert answer({"a": [1, {"b": "x"}, None, True], "c": {}}).texts == ["1", "x", "True"]
    assert answer({"data": []}).texts == []


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(body=BODIES, others=BODIES, place=st.integers(0, 4))
def test_a_value_anywhere_in_the_body_is_mentioned_in_any_case(body: object, others: object, place: int) -> None:
    value = "6d1f3c52-7b0e-4d0a-9a35-0f6c1f4e8b77"
    around = [
        [others, {"data": {"id": value}}],
        {"data": others, "link": f"/events/{value.upper()}/x"},
        {"by": {value: others}},
        {"a": [[value]], "b": others},
        value,
    ]
    assert not answer(body).mentions(value)
    assert answer(around[place]).mentions(value)
    assert answer([body, around[place]]).mentions(value.upper())


@settings(max_examples=60, deadline=None)
@given(body=BODIES)
def test_every_part_of_any_body_can_be_read_without_an_error(body: object) -> None:
    found = answer(body)
    assert found.values_beside_error >= 0
    assert all(isinstance(text, str) for text in [*found.texts, *found.identifiers, *found.values_at("a.b")])
