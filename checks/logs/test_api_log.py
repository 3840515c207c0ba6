"""L1: 4xx and 5xx answers are found, counted and explained by their domain error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.logs.api_log import known_codes, told
from runbook.logs.traffic import REQUESTS

if TYPE_CHECKING:
    from runbook.logs.api_log import ApiReport
    from runbook.logs.traffic import Sent
    from runbook.settings import Settings
    from runbook.settings_logs import Logs

pytestmark = clause("L1")


@pytest.mark.parametrize("request_", REQUESTS)
def test_log_tells_what_the_api_answered(api_log: ApiReport, traffic: dict[str, Sent], request_: str) -> None:
    """A request that was just answered stands in the log with the status and the domain code of its answer."""
    sent = traffic[request_]
    logged = api_log.followed[sent.request]
    assert logged.status == sent.status, f"answered {sent.status}, logged as {logged.status}"
    assert sent.code in (None, logged.code), f"answered {sent.code}, logged as {logged.code or 'no code'}"


def test_no_server_error(api_log: ApiReport) -> None:
    """No request was answered with 500 or above, and nothing outside of a request is logged as an error."""
    assert not api_log.server_errors, told(api_log.server_errors)


def test_every_error_has_a_domain_code(api_log: ApiReport) -> None:
    """Every answer of 400 or above names its domain error in the log."""
    assert not api_log.without_code, told(api_log.without_code)


def test_every_code_is_known(api_log: ApiReport, settings: Settings) -> None:
    """Every domain code in the log is one that the settings know."""
    unknown = [code for code in api_log.codes() if code not in known_codes(settings)]
    assert not unknown, f"unknown codes: {', '.join(f'{code} ({api_log.times(code)})' for code in unknown[:5])}"


def test_code_stays_below_its_threshold(api_log: ApiReport, logs: Logs, code: str) -> None:
    """A domain code is answered to no greater share of the requests than the settings allow; a few are never judged."""
    times, allowed = api_log.times(code), logs.codes.get(code, 1)
    assert times < logs.few or times <= allowed * api_log.requests, (
        f"{code} was answered to {times} of {api_log.requests} requests, more than {allowed:.1%}"
    )


def test_api_log_can_be_read(api_log: ApiReport, logs: Logs) -> None:
    """Fewer lines of the log are malformed than the settings allow."""
    read = api_log.read
    assert read.share_malformed <= logs.malformed_below, (
        f"{read.malformed} of {read.lines} lines cannot be read, the first: {', '.join(read.places)}"
    )
