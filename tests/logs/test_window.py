"""Times in logs, and since when they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.api.client import Client
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.logs.window import since, time_of, window
from runbook.settings import Settings, Timeouts
from runbook.settings_logs import Logs
from runbook.settings_release import Release
from tests.logs.given import NOW
from tests.servers import Reply, Server, api_at

MOMENT = datetime(2026, 1, 31, 9, 30, 0, 250_000, UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T09:30:00.250Z",
        "2026-01-31T09:30:00.250+00:00",
        "2026-01-31T16:30:00.25+07:00",
        "2026-01-31 09:30:00.250",
        "2026-01-31 09:30:00.250 UTC",
        "2026-01-31 09:30:00.250 GMT",
        "2026-01-31 16:30:00.250 WIB",
        "2026-01-31 17:30:00.250 WITA",
        "2026-01-31 18:30:00.250 WIT",
        "2026-01-31 16:30:00.250 +07",
        "2026-01-31 06:00:00,250 -0330",
        1769851800.25,
        1769851800250,
        1769851800250000,
        1769851800250000000,
    ],
)
def test_a_time_is_read_however_it_is_written(written: object) -> None:
    assert time_of(written) == MOMENT


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "2026-02-30T00:00:00Z", "2026-01-31 09:30:00 CST", None, True, [], {}, 12, -1, 1e308, 10**400],
)
def test_what_is_no_time_is_none(written: object) -> None:
    assert time_of(written) is None


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans()))
def test_whatever_stands_there_is_a_time_or_none(written: object) -> None:
    found = time_of(written)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(("text", "seconds"), [("45s", 45), ("90m", 5400), ("24h", 86400), ("7d", 604800)])
def test_a_span_goes_back_from_now(text: str, seconds: int) -> None:
    assert since(text, NOW) == NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "told"), [("soon", "neither a span"), ("5 h", "neither a span"), ("2199-01-01", "the future")]
)
def test_what_is_no_beginning_is_told(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        since(text, NOW)


def settings(deployed_at: str | None = None) -> Settings:
    return Settings.model_construct(release=Release(route="/version", deployed_at=deployed_at), logs=Logs(since="2h"))


def deployed(body: bytes) -> tuple[Settings, Server]:
    return settings("at"), Server(Reply(body=body))


def asked_of(server: Server, known: Settings, asked: str | None) -> tuple[timedelta, str]:
    client = Client(api_at(server.url), Timeouts(retry=1), Journal())
    try:
        found = window(known, client, asked)
    finally:
        client.close()
    return found.until - found.since, found.why


def test_it_begins_with_the_last_deploy_unless_another_time_is_asked_for() -> None:
    at = datetime.now(UTC) - timedelta(minutes=5)
    known, server = deployed(f'{{"at": "{at.isoformat()}"}}'.encode())
    with server:
        span, why = asked_of(server, known, None)
        assert timedelta(minutes=5) <= span < timedelta(minutes=6)
        assert why == "since the last deploy"
        assert asked_of(server, known, "3h")[0] == timedelta(hours=3)


def test_where_nothing_says_when_the_deploy_was_it_says_so() -> None:
    with Server(Reply()) as server:
        span, why = asked_of(server, settings(), None)
        assert server.requests == []
    assert span == timedelta(hours=2)
    assert "the last 2h, because nothing says when" in why


@pytest.mark.parametrize("body", [b"{}", b'{"at": "soon"}', b'{"at": ["2026-01-01", "2026-01-02"]}'])
def test_a_deploy_without_a_time_proves_nothing(body: bytes) -> None:
    known, server = deployed(body)
    with server, pytest.raises(Unverified, match="without one time at at"):
        asked_of(server, known, None)


def test_a_deploy_in_the_future_is_a_clock_that_is_wrong() -> None:
    known, server = deployed(f'{{"at": "{(datetime.now(UTC) + timedelta(hours=1)).isoformat()}"}}'.encode())
    with server, pytest.raises(Unverified, match="clocks are apart"):
        asked_of(server, known, None)
