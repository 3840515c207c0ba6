"""H3: Admin loads its events page in a real browser without a CORS error, and from no other origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.admin.browser import Visit

pytestmark = clause("H3")


def test_events_page_shows_the_events(visit: Visit) -> None:
    """Signed in, the events page shows events."""
    assert visit.loaded, f"no events appeared within {visit.seconds:.1f} s"
    assert visit.events > 0, "the page is there and shows no event"


def test_no_cors_error(visit: Visit) -> None:
    """The browser's console shows no CORS error."""
    assert not visit.cors_errors, "; ".join(visit.cors_errors)


def test_no_authentication_error(visit: Visit) -> None:
    """No call of the page was answered 401 or 403."""
    assert not visit.authentication_errors, "; ".join(visit.authentication_errors)


def test_no_failed_request(visit: Visit) -> None:
    """No request of the page failed, and none was answered with another error."""
    assert not visit.failed_requests, "; ".join(visit.failed_requests)


def test_no_script_error(visit: Visit) -> None:
    """No script of the page failed, and the console shows no error."""
    assert visit.page_errors == 0, f"{visit.page_errors} errors of scripts"
    assert visit.console_errors == 0, f"{visit.console_errors} errors on the console"


def test_browser_blocks_the_same_page_from_a_foreign_origin(visit: Visit, foreign_visit: Visit) -> None:
    """Shown from a foreign origin, the same page's calls are blocked by the browser for CORS, and no event appears."""
    if not visit.loaded:
        raise Unverified("the control, the page from its own origin, does not load: a block would prove nothing")
    assert not foreign_visit.loaded, "events appeared on a foreign origin"
    assert foreign_visit.cors_errors, "the calls failed, but not because of CORS"
