"""I1: the affected ways to the data are closed to everybody, told from outside, and what should stay open is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause
from runbook.errors import Unverified
from runbook.incident.containment import at_the_api, lists_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from runbook.incident.containment import Api, Caller, Roles
    from runbook.incident.timeline import Incident
    from runbook.rls.inspection import Inspection

pytestmark = clause("I1")


def test_sheet_is_the_one_that_was_contained(incident: Incident) -> None:
    """The paths that the sheet lists are those that were recorded when the incident was contained."""
    contained = incident.of("contained")
    if not contained:
        raise Unverified(f"nothing is recorded as contained yet: runbook incident contain {incident.id}")
    recorded = contained[-1]
    same = recorded.get("lists") == lists_of(incident.sheet)
    assert same, f"its paths were edited since {recorded['at']}: contain them anew, or restore the sheet"


def test_path_is_closed(
    http: Api,
    roles: Roles,
    inspection: Inspection,
    callers: Callable[[], list[Caller]],
    closed_path: tuple[str, str] | None,
    was_proved: Callable[[], str | None],
) -> None:
    """Whoever tries is refused: by the API in every event and without one, by the database with every command. Once a
    verdict has opened access again, it counts that this was proved before."""
    assert closed_path is not None, "the sheet lists no path that is to be closed"
    path, name = closed_path
    if at_the_api(path):
        seen = http.closed(path, next(one for one in callers() if one.name == name), callers)
    else:
        seen = roles.seen(path, next(one for one in inspection.personas if one.name == name))
    assert not seen.open or was_proved(), f"{name} is let in: {seen.said}"


def test_path_stays_open(http: Api, roles: Roles, callers: Callable[[], list[Caller]], open_path: str | None) -> None:
    """Somebody is let in where the incident needs nothing to be closed."""
    assert open_path is not None, "the sheet lists no path that stays open: nothing shows that not all of it is down"
    seen = http.opened(open_path, callers()) if at_the_api(open_path) else roles.opened(open_path)
    assert seen.open, seen.said
