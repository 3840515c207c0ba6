"""L3: Admin: the browser console shows no CORS or authentication error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.admin.console import Console

pytestmark = clause("L3")


def test_console_shows_no_cors_error(console: Console) -> None:
    """No call of the page was blocked by CORS."""
    assert not console.cors_errors, f"{len(console.cors_errors)} of {console.requests} requests were blocked by CORS"


def test_console_shows_no_authentication_error(console: Console) -> None:
    """No call of the page was answered 401 or 403, and its scripts complain of none."""
    assert not console.authentication_errors, ", ".join(console.authentication_errors)


def test_console_shows_no_failed_request(console: Console) -> None:
    """No request of the page failed, and none was answered with another error."""
    assert not console.failed_requests, ", ".join(console.failed_requests)


def test_console_shows_no_uncaught_error(console: Console) -> None:
    """No script of the page ended in an error that nobody caught."""
    assert console.page_errors == 0, f"{console.page_errors} uncaught errors"
