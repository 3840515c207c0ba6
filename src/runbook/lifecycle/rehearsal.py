"""Every part stopped, in reverse, and started again, in order; what was seen on the way; and all of it whole again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.api import tokens
from runbook.api.client import Client
from runbook.database.connection import Database
from runbook.database.people import events_of
from runbook.errors import TargetError, Unverified
from runbook.evidence.journal import Journal
from runbook.lifecycle.part import Done, Handle, eventually, handles
from runbook.lifecycle.under_way import UnderWay, refuses
from runbook.lifecycle.watch import Watch
from runbook.settings_parts import PartName

if TYPE_CHECKING:
    from runbook.settings import Settings

AT_ONCE = 3
"""How many requests are under way when the API is told to stop."""
QUIET = 0.1
"""Seconds for which an API that waits for the rest of a body is silent."""
SETTLE = 2.0
"""Seconds after the stop within which everything must be gone."""
REFUSED_WITHIN = 5.0
"""Seconds after it was told to stop within which new requests must be refused, whatever is under way."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What requests came to when the API stopped: each status, None for no answer; `control` is the one before."""

    control: int
    statuses: list[int | None]
    refused: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """How a part stopped, and what stayed of it, by kind. `unseen`: of what nothing can be told, and why."""

    done: Done
    left: dict[str, list[str]]
    unseen: dict[str, str]
    requests: Requests | None = None

    def stays(self, *kinds: str) -> list[str]:
        """What stays of these kinds. Raises Unverified where one of them could not be seen, and nothing stays."""
        staying = [what for kind in kinds for what in self.left[kind]]
        for kind in kinds:
            if not staying and kind in self.unseen:
                raise Unverified(self.unseen[kind])
        return staying

    def answers(self) -> Requests:
        """What requests came to. Raises Unverified when none was under way."""
        if self.requests is None:
            raise Unverified(self.unseen["requests"])
        return self.requests


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was seen; of the API in `stops` also its requests. `failure`: why there was none."""

    stops: dict[PartName, Stop] = field(default_factory=dict)
    starts: dict[PartName, Done] = field(default_factory=dict)
    failure: str | None = None

    def stop(self, name: PartName) -> Stop:
        """How the part stopped. Raises Unverified when it did not come to that."""
        if name not in self.stops:
            raise Unverified(self.failure or f"the settings have no [parts.{name}]")
        return self.stops[name]

    def start(self, name: PartName) -> Done:
        """How it started again. Raises Unverified when it did not come to that."""
        if name not in self.starts:
            raise Unverified(self.failure or f"the settings have no [parts.{name}]")
        return self.starts[name]


def rehearse(settings: Settings, beside: Path) -> Rehearsal:
    """Stop and start every part. Whatever happens meanwhile, what ran before is started again."""
    if not settings.may_be_stopped:
        return Rehearsal(failure="the settings do not allow to stop this target (may_be_stopped)")
    parts = handles(settings.parts, beside)
    seen = Rehearsal()
    try:
        for part in parts:
            if not part.ready() and (fault := part.start().fault) is not None:
                raise TargetError(f"{part.name} did not run, and {fault}")
        try:
            for part in reversed(parts):
                seen.stops[part.name] = _stop(part, settings)
            for part in parts:
                seen.starts[part.name] = part.start()
                _whole(part)
        finally:
            for part in parts:
                _whole(part)
    except (TargetError, Unverified) as error:
        return Rehearsal(seen.stops, seen.starts, str(error))
    return seen


def _whole(part: Handle) -> None:
    """Once more, where it is not ready: the others, and whoever comes after, need it."""
    with suppress(TargetError):
        if not part.ready():
            part.start()


def _stop(part: Handle, settings: Settings) -> Stop:
    database = Database(settings, Journal()) if part.name != "supabase" else None
    try:
        watch = Watch(part, database)
        requests, done = None, None
        if part.name == "api":
            try:
                requests, done = _stop_under_way(part, settings)
            except Unverified as error:
                watch.unseen["requests"] = str(error)
        done = done if done is not None else part.stop()
        left: dict[str, list[str]] = {}

        def nothing_stays() -> bool:
            left.update(watch.left())
            return not any(left.values())

        eventually(nothing_stays, SETTLE)
        return Stop(done, left, watch.unseen, requests)
    finally:
        if database is not None:
            database.close()


def _stop_under_way(part: Handle, settings: Settings) -> tuple[Requests, Done]:
    """Stop the API while requests are under way. Raises Unverified, and has stopped nothing, where there are none."""
    route = part.part.under_way
    if route is None:
        raise Unverified("name a route with a body that waits for it, as parts.api.under_way")
    if not settings.writes:
        raise Unverified("parts.api.under_way could write: it is called only where writes = true")
    headers = _headers(settings)
    api, limit = settings.api.base_url, part.part.stop_within

    def begun() -> UnderWay:
        try:
            request = UnderWay(api, route.method, route.path, headers, limit)
        except OSError as error:
            raise Unverified(f"{route} cannot be sent ({type(error).__name__})") from None
        if request.answered_early(QUIET):
            request.finish()
            raise Unverified(f"{route} is answered before its body is there (parts.api.under_way)")
        return request

    control = begun().finish()
    if control is None or not 400 <= control < 500:
        raise Unverified(f"the control, {route} with an empty object, was answered {control} and not refused")
    held = [begun() for _ in range(AT_ONCE)]
    began = time.monotonic()
    stopping = part.begin_to_stop()
    path, patience = settings.api.basic_endpoint, min(REFUSED_WITHIN, limit / 2)
    # Twice: a connection that was taken just before is broken off, which says nothing of those that follow.
    refused = eventually(lambda: refuses(api, path, patience) and refuses(api, path, patience), patience)
    statuses = [request.finish() for request in held]
    return Requests(control, statuses, refused), part.stopped(stopping, began)


def _headers(settings: Settings) -> Mapping[str, str]:
    """The first persona that belongs to an event, signed in and in that event."""
    client, database = Client(settings.api, settings.timeouts, Journal()), Database(settings, Journal())
    try:
        for name, persona in settings.personas.items():
            token = tokens.token_of(name, persona, settings.auth, client)
            subject = str(tokens.claims_in(token).get("sub", ""))
            for event in events_of(database, settings.tenancy, subject):
                return {"authorization": f"Bearer {token}", settings.api.event_header: event}
    finally:
        client.close()
        database.close()
    raise Unverified("no persona of the settings belongs to an event; add one under [personas]")
