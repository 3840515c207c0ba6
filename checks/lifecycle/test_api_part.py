"""S2: the API starts for the chosen environment and stops in an orderly way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.lifecycle.rehearsal import Rehearsal

pytestmark = clause("S2")


def test_api_answers_the_requests_under_way(rehearsal: Rehearsal) -> None:
    """Every request that is under way when the API is told to stop is answered as it is at any other time."""
    requests = rehearsal.stop("api").answers()
    others = [status or "nothing" for status in requests.statuses if status != requests.control]
    assert not others, f"{len(others)} of {len(requests.statuses)} were not answered {requests.control}: {others[0]}"


def test_api_refuses_new_requests(rehearsal: Rehearsal) -> None:
    """Once it was told to stop, the API takes no new request, though others are still under way."""
    assert rehearsal.stop("api").answers().refused, "new requests are not refused while others are under way"


def test_api_stops_in_time(rehearsal: Rehearsal) -> None:
    """The command that stops the API succeeds within its deadline."""
    done = rehearsal.stop("api").done
    assert done.fault is None, done.fault


def test_api_releases_its_port(rehearsal: Rehearsal) -> None:
    """Once it is stopped, nothing listens where the API did."""
    staying = rehearsal.stop("api").stays("addresses")
    assert not staying, f"something still listens at {', '.join(staying)}"


def test_api_leaves_no_process(rehearsal: Rehearsal) -> None:
    """Once it is stopped, no process of the API stays."""
    staying = rehearsal.stop("api").stays("processes")
    assert not staying, f"what stays: {', '.join(staying)}"


def test_api_leaves_no_temporary_file(rehearsal: Rehearsal) -> None:
    """Once it is stopped, no temporary file of the API stays."""
    staying = rehearsal.stop("api").stays("files")
    assert not staying, f"{len(staying)} stay, the first: {staying[0]}"


def test_api_leaves_no_database_session(rehearsal: Rehearsal) -> None:
    """Once it is stopped, no session of the API is open in the database."""
    staying = rehearsal.stop("api").stays("sessions")
    assert not staying, f"sessions stay: {', '.join(staying)}"


def test_api_starts_again_in_time(rehearsal: Rehearsal) -> None:
    """Once it was stopped, the API starts again and is ready within its deadline."""
    start = rehearsal.start("api")
    assert start.fault is None, start.fault
