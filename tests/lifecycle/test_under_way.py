"""A request that is half sent is under way until the rest of it follows, and only a whole answer counts."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from runbook.lifecycle import under_way
from runbook.lifecycle.under_way import UnderWay, refuses
from tests.lifecycle.system import SECONDS, Answering, answer


def begun(url: str) -> UnderWay:
    return UnderWay(url, "POST", "/", {"x-event-id": "an event"}, SECONDS)


def reads_the_body(handler: BaseHTTPRequestHandler) -> None:
    body = handler.rfile.read(int(handler.headers["content-length"]))
    answer(handler, 422 if body == b"{}" and handler.headers["x-event-id"] == "an event" else 500)


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(2)
    handler.send_response(200)
    handler.send_header("content-length", "100")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


def closes(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(2)
    handler.close_connection = True


def keeps_open(handler: BaseHTTPRequestHandler) -> None:
    reads_the_body(handler)
    handler.close_connection = False


@pytest.mark.parametrize(
    ("server", "status"), [(reads_the_body, 422), (keeps_open, 422), (breaks_off, None), (closes, None)]
)
def test_the_answer_counts_when_it_is_whole(
    server: Callable[[BaseHTTPRequestHandler], None], status: int | None
) -> None:
    with Answering(server) as url:
        request = begun(url)
        assert not request.answered_early(0.01)
        assert request.finish() == status


@pytest.mark.parametrize("says_that_it_waits", [False, True])
def test_an_answer_before_the_body_is_whole_is_early(says_that_it_waits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some say "100 Continue" to everything."""
    if not says_that_it_waits:
        monkeypatch.setattr(BaseHTTPRequestHandler, "handle_expect_100", lambda _: True)
    with Answering(lambda handler: answer(handler, 401)) as url:
        request = begun(url)
        assert request.answered_early(SECONDS)
        request.finish()


def test_a_server_that_does_not_say_that_it_waits_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_way, "PATIENCE", 0.05)
    monkeypatch.setattr(BaseHTTPRequestHandler, "handle_expect_100", lambda _: True)
    with Answering(reads_the_body) as url:
        request = begun(url)
        assert not request.answered_early(0.01)
        assert request.finish() == 422


@pytest.mark.parametrize(("status", "refused"), [(200, False), (401, False), (500, False), (502, True), (503, True)])
def test_a_new_request_is_refused_where_nothing_answers_it(status: int, refused: bool) -> None:
    with Answering(lambda handler: answer(handler, status)) as url:
        assert refuses(url, "/events", SECONDS) is refused
    assert refuses(url, "/events", SECONDS), "nothing listens there any more"


def test_a_new_request_that_is_not_answered_is_not_refused_either() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not refuses(f"http://127.0.0.1:{silent.getsockname()[1]}", "/", 0.1)
