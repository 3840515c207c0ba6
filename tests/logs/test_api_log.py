"""What the API's log says: counted right, whatever the lines look like, and nothing kept that may quote data."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.logs import JQ, make
from runbook.logs import api_log as module
from runbook.logs.api_log import ApiReport, Kind, read_log, tally, told
from tests.logs.given import NOW, WINDOW, api_log, at, block, request

STATUSES = st.sampled_from([200, 201, 304, 401, 403, 409, 500, 503])
ODD: list[object] = [None, True, "", "x", [], {}, [{}], {"a": 1}, "2026-01-31", "500", 10**30, -1, 0.5, "/a/b?c"]
VALUES = st.one_of(st.sampled_from(ODD), st.integers(), st.floats(-1e300, 1e300), st.text(max_size=5))
LINES = st.lists(
    st.tuples(
        st.floats(0, 120),
        STATUSES,
        st.sampled_from([None, "InvalidToken", "NotFound", "not a code"]),
        st.integers(1, 2),
    )
)


def read(*lines: object, follow: tuple[str, ...] = (), **log: object) -> ApiReport:
    return tally(block(*lines), api_log(**log), WINDOW, 5, follow)


@settings(max_examples=100, deadline=None)
@given(LINES)
def test_groups_and_counts_are_those_of_a_plain_count(made: list[tuple[float, int, str | None, int]]) -> None:
    lines = [request(ago, status, code=code, event_id=f"e{event}") for ago, status, code, event in made]
    report = read(*lines)
    within = [line for line in lines if WINDOW.since.isoformat() <= str(line["time"])]
    expected = Counter(
        (line["status"], line["code"] if line["code"] != "not a code" else None, line["event_id"])
        for line in within
        if int(str(line["status"])) >= 400
    )
    assert report.requests == len(within)
    assert {(kind.status, kind.code, kind.event): group.count for kind, group in report.groups.items()} == expected
    for kind, group in report.groups.items():
        times = [line["time"] for line in within if (line["status"], line["event_id"]) == (kind.status, kind.event)]
        assert min(map(str, times)) <= group.first.isoformat() <= group.last.isoformat() <= max(map(str, times))


def test_a_group_has_its_route_its_event_its_requests_and_when_it_was_seen() -> None:
    more = {"code": "NotFound", "event_id": "e1"}
    report = read(
        request(30, 404, request_id="r1", **more), request(20, 404, request_id="r2", **more), request(25, 200)
    )
    [(kind, group)] = report.groups.items()
    assert kind == Kind(404, "NotFound", "GET /events", "e1")
    assert (group.count, group.requests) == (2, ["r1", "r2"])
    assert (group.first.isoformat(), group.last.isoformat()) == (at(30), at(20))
    assert report.routes == {"GET /events": 3}
    assert report.times("NotFound") == 2


def test_what_stands_out_is_told_with_its_request() -> None:
    report = read(request(9, 500, code="InternalError", request_id="r1"), request(9, 404), request(9, 400, code="X"))
    assert "1 times 500 InternalError at GET /events" in told(report.server_errors)
    assert "request r1" in told(report.server_errors)
    assert [kind.status for kind, _ in report.without_code] == [404]
    assert "404 without a code" in told(report.without_code)


def test_an_error_outside_of_any_request_stands_out_and_a_warning_does_not() -> None:
    lines = [{"time": at(5), "level": level} for level in ("error", "CRITICAL", 50, "warning", 40, "info", None)]
    report = read(*lines)
    assert sum(group.count for _, group in report.server_errors) == 3
    assert (report.requests, report.other, report.without_code) == (0, 7, [])
    assert "outside of any request" in told(report.server_errors)


@pytest.mark.parametrize("status", [404, "404", 404.0], ids=repr)
def test_a_status_counts_however_it_is_written(status: object) -> None:
    assert [kind.status for kind in read(request(5, status)).groups] == [404]


@pytest.mark.parametrize("status", [None, "", "4o4", "-", True, [], {}, 404.5], ids=repr)
def test_what_is_no_status_makes_no_request(status: object) -> None:
    assert read(request(5, status)).requests == 0


def test_fields_stand_where_the_settings_say() -> None:
    line = {"@t": at(5), "http": {"status": 403, "path": "/audit"}, "error": {"code": "PermissionDenied"}}
    report = read(line, fields={"time": "@t", "status": "http.status", "route": "http.path", "code": "error.code"})
    assert [(kind.status, kind.code, kind.route) for kind in report.groups] == [(403, "PermissionDenied", "/audit")]


def test_a_decision_is_a_line_with_its_id_and_the_values_that_the_settings_ask_for() -> None:
    lines = [
        {"time": at(5), "message": "decided", "decision_id": "d1", "request_id": "r1"},
        {"time": at(4), "message": "refused", "decision_id": "d2"},
        {"time": at(90), "message": "decided", "decision_id": "long ago"},
        {"time": at(3), "message": "decided"},
    ]
    report = read(*lines, decision_only={"message": "decided"})
    assert {id_: made.request for id_, made in report.decisions.items()} == {"d1": "r1"}
    assert read(*lines).decisions.keys() == {"d1", "d2"}


def test_requests_that_are_followed_are_found_with_their_answer() -> None:
    report = read(request(5, 401, code="InvalidToken", request_id="mine"), request(5, request_id="x"), follow=("mine",))
    assert {id_: (one.status, one.code) for id_, one in report.followed.items()} == {"mine": (401, "InvalidToken")}


def test_lines_of_before_and_of_the_future_are_counted_apart() -> None:
    report = read(request(90, 500), request(-30, 500), request(5))
    assert (report.requests, report.read.before, report.read.ahead, report.groups) == (1, 1, 1, {})
    assert "1 lines of the log lie in the future" in str(report.read.obstacle(WINDOW))


def test_a_log_without_a_line_of_the_window_says_when_it_ended() -> None:
    assert read().read.obstacle(WINDOW) == "the log is empty"
    ended = (NOW - timedelta(minutes=90)).strftime("%Y-%m-%d %H:%M:%S")
    assert str(read(request(95), request(90)).read.obstacle(WINDOW)).endswith(f"it ends at {ended} UTC")
    assert read(request(5)).read.obstacle(WINDOW) is None


def test_a_line_without_a_time_is_malformed_and_told_by_its_place() -> None:
    report = read("no json", request(5), {"status": 500}, {"time": "soon", "status": 500})
    assert report.read.places == [
        "a log, line 1: no object of JSON",
        "a log, line 3: no time at time",
        *report.read.places[2:],
    ]
    assert (report.read.malformed, report.read.share_malformed) == (3, 0.75)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/enrollments", "GET /enrollments"),
        ("/events/11111111-1111-4111-8111-111111111111/audit", "GET /events/{}/audit"),
        ("/people/42", "GET /people/{}"),
        ("/people/sekar@peserta.example", "GET /people/{}"),
        ("/search?name=Sekar&token=abc", "GET /search"),
        ("/v1/events/:id", "GET /v1/events/:id"),
        ("/events/{event_id}", "GET /events/{event_id}"),
        ("/Sekar%20Wulandari", "GET /{}"),
        ("/" + "x" * 500, "GET /{}"),
        (None, "-"),
        ({"a": 1}, "-"),
    ],
)
def test_a_route_keeps_what_names_it_and_nothing_that_may_be_a_name_or_an_id(path: object, route: str) -> None:
    assert [kind.route for kind in read({**request(5, 404), "route": path}).groups] == [route]


def test_what_may_quote_data_is_not_kept() -> None:
    canary = "Sekar Wulandari <sekar@peserta.example>"
    line = dict.fromkeys(("code", "event_id", "request_id", "route", "method", "level", "message"), canary)
    report = read({"time": at(5), "status": 500, **line})
    assert "Sekar" not in repr(report)
    assert len(report.groups) == 1


def test_a_log_that_makes_up_new_codes_and_routes_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    report = read(*[request(5, 404, code=f"C{n}", route=f"/{'x' * (n % 30 + 1)}") for n in range(200)])
    assert len(report.groups) == 21  # first routes and events are given up, then codes
    assert len(report.routes) <= 11
    assert sum(group.count for group in report.groups.values()) == 200
    assert sum(report.routes.values()) == report.requests == 200


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["time", "status", "method", "route", "code", "event_id", "request_id", "level", "decision_id"]
        ),
        VALUES,
    )
)
def test_whatever_stands_in_a_line_it_is_counted_and_never_a_crash(content: dict[str, object]) -> None:
    for line in (content, {**content, "time": at(5)}):
        report = read(json.dumps(line), request(5), follow=("x",))
        assert report.read.lines == 2
        assert report.requests >= 1


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not there to count the same")
def test_jq_counts_the_same(tmp_path: Path) -> None:
    """What the benchmark measures against each other comes to the same."""
    make(tmp_path / "api.log", 1)
    since = WINDOW.since - timedelta(minutes=5)
    command = ["jq", "-n", "--arg", "since", since.isoformat(), JQ, str(tmp_path / "api.log")]
    counted = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    log = api_log(path=str(tmp_path / "api.log"), fields={"time": "ts", "route": "path", "code": "error_code"})
    report = read_log(log, replace(WINDOW, since=since), 5)
    assert counted["total"] == report.requests > 1000
    assert {f"GET {path}": count for path, count in counted["routes"].items()} == report.routes
    ours = {
        (kind.status, kind.code, *kind.route.split(), kind.event): (group.count, group.last)
        for kind, group in report.groups.items()
    }
    theirs = {
        tuple(json.loads(kind)): (group["count"], datetime.fromisoformat(group["last"]))
        for kind, group in counted["groups"].items()
    }
    assert theirs == ours
