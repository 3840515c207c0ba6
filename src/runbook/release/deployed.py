"""What the instances of the target say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook.api.client import Client
from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.api.client import Answer
    from runbook.evidence.journal import Journal
    from runbook.settings import Settings
    from runbook.settings_release import Release

OWN = "api"
"""The instance at api.base_url."""
ASKED = 5
"""How often each is asked, over a connection of its own: behind one address there may be several."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What one answer said; None for what the settings do not say where to look for."""

    commit: str
    clean: bool | None
    image: str | None


def instances(settings: Settings) -> dict[str, str]:
    """The addresses of all instances, by name."""
    return {OWN: settings.api.base_url, **settings.release.instances}


def commit_of(client: Client, release: Release) -> str:
    """The commit that is deployed. Raises Unverified."""
    answer = _answer(client, release)
    return _value(answer, release, release.commit_at)


def reported(settings: Settings, name: str, journal: Journal) -> list[Reported]:
    """What an instance says when it is asked ASKED times. Raises Unverified."""
    with _client(settings, name, journal) as client:
        return [_report(_answer(client, settings.release), settings.release) for _ in range(ASKED)]


@contextmanager
def _client(settings: Settings, name: str, journal: Journal) -> Iterator[Client]:
    address = {"base_url": instances(settings)[name]}
    client = Client(settings.api.model_copy(update=address), settings.timeouts, journal)
    try:
        yield client
    finally:
        client.close()


def _answer(client: Client, release: Release) -> Answer:
    if release.route is None:
        raise Unverified("release.route is not in the settings, so nothing says which commit is deployed")
    return client.send("GET", release.route, headers=[("connection", "close")])


def _report(answer: Answer, release: Release) -> Reported:
    commit = _value(answer, release, release.commit_at)
    clean = None if release.clean_at is None else _value(answer, release, release.clean_at).lower()
    if clean not in (None, "true", "false"):
        raise Unverified(f"GET {release.route} answers neither true nor false at {release.clean_at}")
    return Reported(
        commit=commit,
        clean=None if clean is None else clean == "true",
        image=None if release.image_at is None else _value(answer, release, release.image_at),
    )


def _value(answer: Answer, release: Release, path: str) -> str:
    found = answer.values_at(path) if answer.ok else []
    if len(found) != 1:
        raise Unverified(f"GET {release.route} answers {answer.status} without one value at {path}")
    return found[0]
