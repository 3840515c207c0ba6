"""H1: the API answers its basic endpoint to valid authentication, and refuses invalid authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from fixtures.clauses import clause
from runbook.api.tokens import InvalidToken, control, invalid
from runbook.api.transport import days_until_expiry
from runbook.errors import Unverified

if TYPE_CHECKING:
    from fixtures.api import People, Person, SignedIn
    from runbook.api.client import Client
    from runbook.settings import Settings
    from runbook.settings_values import Route

pytestmark = clause("H1")


def test_api_answers(api: Client, settings: Settings) -> None:
    """The API answers at all, within the time limit and without a server error."""
    answer = api.reach(settings.api.basic_endpoint)
    assert answer is not None, f"{settings.api.base_url} gave no answer within {settings.timeouts.retry:g} s"
    assert answer.status < 500, f"the basic endpoint answered {answer.status}"


def test_basic_endpoint_answers(api: Client, settings: Settings, token_of: SignedIn, persona: str) -> None:
    """A persona that is signed in is answered by the basic endpoint."""
    answer = api.get(settings.api.basic_endpoint, token=token_of(persona))
    assert answer.ok, f"{persona} is signed in and was answered {answer.status} {answer.code or ''}"


def test_list_is_the_personas_own(api: Client, settings: Settings, people: People, persona: str) -> None:
    """The basic endpoint lists exactly the events that the persona belongs to, and no others."""
    person = people(persona)
    answer = api.get(settings.api.basic_endpoint, token=person.token)
    assert answer.ok, f"{persona} is signed in and was answered {answer.status} {answer.code or ''}"
    listed = sorted(answer.values_at(settings.api.event_ids_at))
    assert listed == sorted(person.events), (
        f"{persona} belongs to {len(person.events)} events and is shown {len(listed)}"
    )


@pytest.mark.parametrize("token", get_args(InvalidToken))
def test_invalid_authentication_is_refused(
    api: Client, settings: Settings, valid_token: str, token: InvalidToken
) -> None:
    """A token that is wrong in one thing is refused with 401 or 403, the API's own error, and no data."""
    control_token = control(token, valid_token, settings.auth)
    if control_token != valid_token and not api.get(settings.api.basic_endpoint, token=control_token).ok:
        raise Unverified("a valid token, signed anew with the settings' key, is refused: it is not the API's key")
    answer = api.get(settings.api.basic_endpoint, token=invalid(token, valid_token, settings.auth))
    assert answer.status in (401, 403), f"answered {answer.status}"
    assert answer.code in settings.api.errors.unauthenticated, f"refused with {answer.code or 'no domain code'}"
    assert answer.values_beside_error == 0, "the refusal carries data"


@pytest.mark.parametrize("token", ["none", "wrong signature"])
def test_guarded_route_refuses_invalid_authentication(
    api: Client, settings: Settings, member: Person, guarded_route: Route, token: InvalidToken
) -> None:
    """A guarded route, too, refuses who has no token or forged one, even with an event that its subject belongs to."""
    answer = api.send(
        guarded_route.method,
        guarded_route.path,
        token=invalid(token, member.token, settings.auth),
        headers=[(settings.api.event_header, member.events[0])],
        json=None if guarded_route.method == "GET" else {},
    )
    assert answer.status in (401, 403), f"answered {answer.status}"
    assert answer.code in settings.api.errors.unauthenticated, f"refused with {answer.code or 'no domain code'}"
    assert answer.values_beside_error == 0, "the refusal carries data"


def test_certificate_is_valid_for_long_enough(settings: Settings) -> None:
    """The TLS certificate is trusted, is for its host, and does not expire soon; plain http only on a local target."""
    days = days_until_expiry(settings.api.base_url, settings.timeouts.connect)
    assert days is not None or settings.severity == "local", f"{settings.api.base_url} is not encrypted"
    assert days is None or days >= settings.certificate_days, f"the certificate expires in {days:.0f} days"
