"""H2: anything inside an event needs a usable event header, of an event that the caller belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.api.event_headers import UNUSABLE_EVENT_HEADERS, EventHeader
from runbook.errors import Unverified

if TYPE_CHECKING:
    from fixtures.api import Person
    from runbook.api.client import Client
    from runbook.database.people import ForeignEvent
    from runbook.settings import Settings
    from runbook.settings_values import Route

pytestmark = clause("H2")


@pytest.mark.parametrize("header", UNUSABLE_EVENT_HEADERS, ids=str)
def test_guard_refuses_an_unusable_event(
    api: Client,
    settings: Settings,
    member: Person,
    foreign_event: ForeignEvent,
    guarded_route: Route,
    header: EventHeader,
) -> None:
    """Signed in, but with no usable event header: the guard answers its own error, and no data."""
    own = member.events[0]
    answer = api.send(
        guarded_route.method,
        guarded_route.path,
        token=member.token,
        headers=[(settings.api.event_header, value) for value in header.values(own, foreign_event.key)],
        query={settings.api.event_query: own} if header.event_in_query else None,
        json=None if guarded_route.method == "GET" else {},
    )
    expected = [code for refusal in header.refused_as for code in getattr(settings.api.errors, refusal)]
    assert 400 <= answer.status < 500, f"answered {answer.status}"
    assert answer.code in expected, f"refused with {answer.code or 'no domain code'}, not by the guard"
    assert answer.values_beside_error == 0, "the refusal carries data"
    assert not any(answer.mentions(text) for text in foreign_event.texts), "the refusal tells of another's event"


def test_guard_lets_members_into_their_own_event(api: Client, member: Person, guarded_read: Route) -> None:
    """The control of every refusal: the same call, in the caller's own event, is answered."""
    answer = api.get(guarded_read.path, token=member.token, event=member.events[0])
    assert answer.ok, f"answered {answer.status} {answer.code or ''}"


def test_member_of_two_events_gets_the_one_named(api: Client, member_of_two: Person, guarded_read: Route) -> None:
    """A member of two events gets the data of the event that the header names, and nothing of the other."""
    one, other = member_of_two.events[:2]
    in_one, in_other = (api.get(guarded_read.path, token=member_of_two.token, event=event) for event in (one, other))
    if in_one.status == 403 or in_other.status == 403:
        pytest.skip(f"{member_of_two.name} may not call {guarded_read} in both events")
    assert in_one.ok, f"in the first event answered {in_one.status}"
    assert in_other.ok, f"in the second event answered {in_other.status}"
    if not (in_one.texts or in_other.texts):
        raise Unverified("neither event has data, so nothing shows that they are kept apart")
    assert not in_one.mentions(other), "the answer for one event mentions the other"
    assert not in_other.mentions(one), "the answer for the other event mentions the first"
    assert not in_one.identifiers & in_other.identifiers, "the two events share rows"
