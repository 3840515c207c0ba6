"""Answers are read as a browser reads them: the CORS protocol of the Fetch standard, rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.admin import cors
from runbook.api.client import Answer, Client
from runbook.evidence.journal import Journal
from runbook.settings import Timeouts
from tests.servers import Reply, Server, api_at

ADMIN = "https://admin.example"
NAMES = ("authorization", "content-type", "x-event-id")
ALLOWED = {
    "access-control-allow-origin": ADMIN,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type, x-event-id",
}


def answer(status: int = 204, **changed: str | None) -> Answer:
    """A preflight's answer that allows what Admin needs, with headers changed (`origin`, `methods`, `headers`)."""
    given = ALLOWED | {f"access-control-allow-{name}": value for name, value in changed.items()}
    headers = {name: value for name, value in given.items() if value is not None}
    return Answer(status, None, headers, 0.01, None, "error")


ORIGINS = {
    "the same": (ADMIN, True),
    "any": ("*", True),
    "none named": (None, False),
    "empty": ("", False),
    "another": ("https://other.example", False),
    "another case": ("https://Admin.Example", False),
    "another scheme": ("http://admin.example", False),
    "a port more": ("https://admin.example:8443", False),
    "a slash more": ("https://admin.example/", False),
    "two, of which it is one": (f"{ADMIN}, https://other.example", False),
    "the same twice": (f"{ADMIN}, {ADMIN}", False),
    "two, of which one is any": (f"{ADMIN}, *", False),
    "a pattern": ("https://*.example", False),
    "null": ("null", False),
}


@pytest.mark.parametrize(("value", "allowed"), ORIGINS.values(), ids=ORIGINS)
def test_an_origin_is_allowed_when_it_is_named_alone_and_to_the_letter(value: str | None, *, allowed: bool) -> None:
    assert cors.origin_allowed(answer(origin=value), ADMIN) is allowed
    assert cors.preflight_allows(answer(origin=value), ADMIN, "GET", NAMES) is allowed


def test_null_is_allowed_to_the_origin_null_alone() -> None:
    assert cors.origin_allowed(answer(origin="null"), "null")
    assert not cors.origin_allowed(answer(origin=ADMIN), "null")


@pytest.mark.parametrize("status", [200, 204, 299, 199, 301, 401, 500])
def test_a_preflight_needs_an_ok_status(status: int) -> None:
    assert cors.preflight_allows(answer(status), ADMIN, "GET", NAMES) == (status in (200, 204, 299))


METHODS = {
    "a listed one": ("PUT", "GET, PUT", True),
    "the only one": ("PUT", "PUT", True),
    "without spaces": ("PUT", "GET,PUT,POST", True),
    "with spaces and tabs around": ("PUT", "GET ,\t PUT , POST", True),
    "empty items between": ("PUT", "GET,, ,PUT", True),
    "any": ("PUT", "*", True),
    "any, beside others": ("PUT", "GET, *", True),
    "one that is not listed": ("PUT", "GET, POST", False),
    "no list": ("PUT", None, False),
    "an empty list": ("PUT", "", False),
    "in another case": ("PUT", "put", False),
    "asked for in another case": ("patch", "PATCH", False),
    "a longer one": ("PUT", "PUTS", False),
    "separated by a space": ("PUT", "GET PUT", False),
    "separated by a semicolon": ("PUT", "GET; PUT", False),
    "GET, safelisted, not listed": ("GET", "PUT", True),
    "HEAD, safelisted, no list": ("HEAD", None, True),
    "POST, safelisted, no list": ("POST", None, True),
    "GET, though the list is malformed": ("GET", "GET; PUT", False),
}


@pytest.mark.parametrize(("method", "value", "allowed"), METHODS.values(), ids=METHODS)
def test_a_method_is_allowed_when_it_is_safelisted_or_listed_as_it_is(
    method: str, value: str | None, *, allowed: bool
) -> None:
    assert cors.preflight_allows(answer(methods=value), ADMIN, method, NAMES) is allowed


HEADERS = {
    "all listed": (NAMES, "authorization, content-type, x-event-id", True),
    "in any case": (NAMES, "Authorization,CONTENT-TYPE,X-Event-Id", True),
    "asked for in any case": (("Authorization", "X-EVENT-ID"), "authorization, x-event-id", True),
    "none asked for, none listed": ((), None, True),
    "one missing": (NAMES, "authorization, content-type", False),
    "no list": (NAMES, None, False),
    "any covers a name": (("x-event-id",), "*", True),
    "any does not cover authorization": (("authorization",), "*", False),
    "any does not cover Authorization": (("Authorization",), "*", False),
    "any and authorization": (("authorization", "x-event-id"), "*, authorization", True),
    "a part of a name": (("x-event-id",), "x-event", False),
    "a pattern": (("x-event-id",), "x-*", False),
    "separated by a space": (("x-event-id",), "authorization x-event-id", False),
    "malformed beside it": (("x-event-id",), "x-event-id, (x)", False),
}


@pytest.mark.parametrize(("names", "value", "allowed"), HEADERS.values(), ids=HEADERS)
def test_a_header_is_allowed_when_it_is_listed_or_covered_by_the_wildcard(
    names: tuple[str, ...], value: str | None, *, allowed: bool
) -> None:
    assert cors.preflight_allows(answer(headers=value), ADMIN, "GET", names) is allowed


@pytest.mark.parametrize(
    ("origin", "credentials", "bad"),
    [("*", "true", True), ("*", "True", False), ("*", None, False), (ADMIN, "true", False), (None, "true", False)],
)
def test_only_every_origin_with_credentials_is_the_bad_combination(
    origin: str | None, credentials: str | None, *, bad: bool
) -> None:
    assert cors.any_origin_with_credentials(answer(origin=origin, credentials=credentials)) is bad


@settings(max_examples=50, deadline=None)
@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z]{2,5}){0,2}", fullmatch=True),
    port=st.none() | st.integers(1, 65535),
)
def test_a_foreign_origin_is_never_the_origin_itself(scheme: str, host: str, port: int | None) -> None:
    origin = f"{scheme}://{host}" + (f":{port}" if port is not None else "")
    foreign = cors.foreign_origins(origin)
    assert tuple(foreign) == cors.FOREIGN_ORIGINS
    assert origin not in foreign.values()
    assert len(set(foreign.values())) == len(foreign)
    assert not any(cors.origin_allowed(answer(origin=origin), other) for other in foreign.values())


def test_each_foreign_origin_is_close_in_the_way_that_it_is_named_for() -> None:
    foreign = cors.foreign_origins("https://admin.example:8443")
    assert foreign["null"] == "null"
    assert foreign["look-alike that begins with it"].startswith("https://admin.example.")
    assert foreign["look-alike that ends with it"].endswith("admin.example:8443")
    assert foreign["the other scheme"] == "http://admin.example:8443"
    assert foreign["another port"] == "https://admin.example:8444"
    assert foreign["upper case"] == "HTTPS://ADMIN.EXAMPLE:8443"
    assert foreign["trailing slash"] == "https://admin.example:8443/"


def test_a_preflight_asks_as_a_browser_asks() -> None:
    """Without a token; the names in lower case, sorted, in one list without spaces."""
    with Server(Reply(204, ALLOWED)) as server:
        client = Client(api_at(server.url), Timeouts(), Journal())
        found = cors.preflight(client, "/events", ADMIN, "POST", ["X-Event-Id", "authorization", "Content-Type"])
        client.close()
    [request] = server.requests
    assert (request.method, request.path) == ("OPTIONS", "/events")
    assert request.values("origin") == [ADMIN]
    assert request.values("access-control-request-method") == ["POST"]
    assert request.values("access-control-request-headers") == ["authorization,content-type,x-event-id"]
    assert request.values("authorization") == []
    assert cors.preflight_allows(found, ADMIN, "POST", NAMES)


def test_a_preflight_of_no_special_header_names_none() -> None:
    with Server(Reply(204, ALLOWED)) as server:
        client = Client(api_at(server.url), Timeouts(), Journal())
        cors.preflight(client, "/events", ADMIN, "GET")
        client.close()
    assert server.requests[0].values("access-control-request-headers") == []


def test_a_header_that_is_sent_twice_allows_no_origin() -> None:
    twice = [("access-control-allow-origin", ADMIN), ("access-control-allow-origin", "https://other.example")]
    with Server(Reply(204, twice)) as server:
        client = Client(api_at(server.url), Timeouts(), Journal())
        found = cors.preflight(client, "/events", ADMIN, "GET")
        client.close()
    assert not cors.origin_allowed(found, ADMIN)
    assert not cors.origin_allowed(found, "https://other.example")
