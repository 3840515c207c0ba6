"""Requests of our own must show in the log: otherwise it is another's, or its clock is wrong, and proves nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.api.client import Client
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.logs.api_log import ApiReport
from runbook.logs.traffic import Sent, api_report, send
from runbook.settings import Settings, Timeouts
from runbook.settings_logs import ApiLog, Logs
from tests.logs.given import WINDOW, api_log, line
from tests.servers import Reply, Server, api_at


def sent() -> Sent:
    now = datetime.now(UTC)
    return Sent("mine", 401, "InvalidToken", now - timedelta(seconds=0.1), now)


def logged(seconds_off: float = 0, **more: object) -> bytes:
    time = (datetime.now(UTC) + timedelta(seconds=seconds_off)).isoformat()
    return line({"time": time, "status": 401, "code": "InvalidToken", "request_id": "mine", **more})


def read(folder: Path, content: bytes, *, apart: float = 1, within: float = 0.2) -> ApiReport:
    (folder / "api.log").write_bytes(content)
    log: ApiLog = api_log(path=str(folder / "api.log"))
    return api_report(log, Logs(clocks_apart=apart, appears_within=within), WINDOW, [sent()])


def test_a_request_that_was_just_sent_is_found(tmp_path: Path) -> None:
    assert read(tmp_path, logged()).followed["mine"].status == 401


def test_one_that_is_written_a_moment_later_is_waited_for(tmp_path: Path) -> None:
    def write() -> None:
        with (tmp_path / "api.log").open("ab") as log:
            log.write(logged())

    later = threading.Timer(0.3, write)
    later.start()
    try:
        assert read(tmp_path, logged(request_id="another"), within=10).requests == 2
    finally:
        later.join()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the log is empty"),
        (logged(request_id="another"), "1 of 1 requests that were just sent are not in the log after 0.2 s"),
        (logged(-7200), "the log has no line of the window"),
    ],
    ids=["empty", "another API's", "of before"],
)
def test_a_log_that_does_not_tell_of_it_proves_nothing(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(Unverified, match=told):
        read(tmp_path, content)


def test_a_clock_that_is_ahead_or_behind_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unverified, match="lines of the log lie in the future"):
        read(tmp_path, logged(60))
    with pytest.raises(Unverified, match=r"the log's clock is -60 s off this machine's"):
        read(tmp_path, logged(-60))
    assert read(tmp_path, logged(-60), apart=120).followed["mine"].status == 401


def test_what_is_sent_only_reads_and_is_followed_by_the_id_that_the_api_gave_or_took() -> None:
    replies = [
        Reply(headers={"x-request-id": "given"}),
        Reply(401, body=b'{"error": {"code": "AuthenticationRequired"}}'),
        Reply(403, body=b'{"error": {"code": "SomethingNew"}}'),
    ]
    with Server(*replies) as server:
        api = api_at(server.url)
        client = Client(api, Timeouts(), Journal())
        found = send(client, Settings.model_construct(api=api), "token", "e1")
        client.close()
        requests = server.requests
    assert [request.method for request in requests] == ["GET"] * 3
    assert found["answered"].request == "given"
    assert found["refused"].request == requests[1].values("x-request-id")[0]
    assert (found["refused"].code, found["in an event"].code) == ("AuthenticationRequired", None)
    assert requests[2].values("x-event-id") == ["e1"]
    assert requests[1].values("authorization") == []
