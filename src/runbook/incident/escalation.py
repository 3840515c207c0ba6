"""I0: who must know is told, through every channel there is; who acknowledged, and when; who is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import envelope, keys
from runbook.evidence.chain import Entry
from runbook.incident.delivery import Delivery, each_within
from runbook.incident.notice import Notice
from runbook.incident.timeline import TIMELINE, Incident, Kind, held
from runbook.settings_gate import Person

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.settings import Settings

TYPE = "urn:runbook-checks:acknowledgement:1"
LOOK_EVERY = 0.5
"""Seconds between two looks at the timeline while acknowledgements are awaited."""
NO_CHANNEL = "the settings have no channel to it ([incidents.channels])"


@dataclass(frozen=True, slots=True)
class Asked:
    """One try to tell a role: by which channel of the settings (empty where there is none), and what became of it."""

    role: str
    channel: str
    delivery: Delivery


def roles(settings: Settings) -> list[str]:
    """Who must know of an incident: the roles that approve what opens access again."""
    return list(dict.fromkeys(settings.gate.approvals))


def unacknowledged(incident: Incident, settings: Settings) -> list[str]:
    """The roles that nobody has acknowledged for since the incident is as bad as it is, on whoever's word."""
    answered = {entry.get("role") for entry, _ in _lines(incident, "acknowledged")}
    return [role for role in roles(settings) if role not in answered]


def ask(folder: Path, settings: Settings) -> Iterator[Asked]:
    """Ask whoever has not acknowledged, through each of their channels, and yield what became of it once it stands in
    the timeline. Raises EvidenceError, and sends nothing, when nothing can be added to that, or the settings are
    another target's."""
    with held(folder) as book:
        incident = book.incident
        incident.must_be_of(settings.name)
        asked = unacknowledged(incident, settings)
        channels = {name: one for name, one in settings.incidents.channels.items() if one.role in asked}
        without = [role for role in asked if all(channel.role != role for channel in channels.values())]
        for role in without:
            book.add("asked", role=role, channel="", delivered=False, reason=NO_CHANNEL)
    yield from (Asked(role, "", Delivery(False, NO_CHANNEL)) for role in without)
    sends = {
        name: Notice(incident, settings, one.role, _times(incident, name) + 1).sent_by(one)
        for name, one in channels.items()
    }
    for name, delivery in each_within(settings.incidents.deliver_within, sends):
        said: dict[str, object] = {"role": channels[name].role, "channel": name, "by_way_of": channels[name].kind}
        with held(folder) as book:
            book.add("asked", **said, delivered=delivery.delivered, reason=delivery.reason)
        yield Asked(channels[name].role, name, delivery)


def escalate(
    folder: Path, settings: Settings, report: Callable[[Asked], None], *, minutes: float = 0, rounds: int = 1
) -> list[str]:
    """Ask, and for so many minutes again each `ask_again_minutes`, in so many rounds at most, until all have
    acknowledged. Returns who was not told, or where acknowledgements were awaited who has not acknowledged."""
    until = time.monotonic() + minutes * 60
    for number in range(1, rounds + 1):
        began = time.monotonic()
        outcomes = []
        for one in ask(folder, settings):
            report(one)
            outcomes.append(one)
        if not minutes:
            told = {one.role for one in outcomes if one.delivery.delivered}
            return [role for role in dict.fromkeys(one.role for one in outcomes) if role not in told]
        again = until if number == rounds else min(until, began + settings.incidents.ask_again_minutes * 60)
        left = _awaited(folder, settings, again)
        if not left or again == until:
            return left
    return left


def _awaited(folder: Path, settings: Settings, until: float) -> list[str]:
    """Who has not acknowledged by then, on the monotonic clock."""
    while True:
        with held(folder) as book:
            left = unacknowledged(book.incident, settings)
        remaining = until - time.monotonic()
        if not left or remaining <= 0:
            return left
        time.sleep(min(LOOK_EVERY, remaining))


def acknowledge(
    folder: Path,
    people: Mapping[str, Person],
    signer: CryptoSigner | None,
    role: str | None,
    name: str | None,
    *,
    key_named: bool,
) -> str:
    """Record who is on it, and return that. `people` by the material of their keys; `key_named`: it signs, or nothing
    is recorded.

    With a key of one of the people it is theirs, and signed; without one somebody's word is recorded, as a claim.
    Raises EvidenceError when it says too little, or something else than the key.
    """
    by = keys.material(signer.public_key) if signer is not None else ""
    person = people.get(by)
    if person is not None and role in (None, person.role) and name in (None, person.name):
        role, name = person.role, person.name
    elif key_named and by:
        told = f"is {person}'s" if person is not None else "is nobody's of [people]"
        raise EvidenceError(f'the key {told}; to record the word of somebody else, write --key ""')
    else:
        person = None
    if not role or not name or not name.strip():
        raise EvidenceError("say who it is: --role and --name, or your key, which [people] of --target knows")
    with held(folder) as book:
        asked = [digest for entry, digest in _lines(book.incident, "asked") if entry.get("role") == role]
        if not asked:
            there = dict.fromkeys(str(entry.get("role")) for entry, _ in _lines(book.incident, "asked"))
            told = f"asked were {', '.join(there)}" if there else f"`runbook incident escalate {folder.name}` asks"
            raise EvidenceError(f"nobody was asked as {role!r}; {told}")
        said: dict[str, object] = {"role": role, "name": name.strip(), "asked": asked[-1], "claimed": person is None}
        if person is not None and signer is not None:
            if any(line.get("key") == by and line.get("asked") == asked[-1] for line in book.incident.entries):
                raise EvidenceError(f"{person} has acknowledged it already")
            path = folder / _signed_file(asked[-1], by)
            # Signed, but never entered: whoever was at it was interrupted.
            path.unlink(missing_ok=True)
            over = {"incident": folder.name, "asked": asked[-1], "role": role, "name": name}
            signed = envelope.write(path, TYPE, over, {TIMELINE: asked[-1]}, signer)
            said |= {"key": by, "file": path.name, "digest": signed.digest}
        book.add("acknowledged", **said)
    return f"{name.strip()} ({role}), {'signed' if person is not None else 'claimed, without a key'}"


def told_after(incident: Incident, role: str, settings: Settings) -> timedelta | None:
    """How long after the incident became as bad as it is a role was told: a channel took it, or its holder signed."""
    taken = [entry for entry, _ in _lines(incident, "asked") if entry.get("role") == role and entry.get("delivered")]
    signed = [entry for entry in _acknowledgements(incident, role) if _fault(incident, entry, settings) is None]
    times = [_time(entry) for entry in (*taken, *signed) if not entry.get("claimed")]
    return min(times) - _time(_since(incident)[0][0]) if times else None


def not_acknowledged(incident: Incident, role: str, settings: Settings) -> str | None:
    """Why a role does not count as acknowledged; None where it does.

    A claim counts only where [people] names nobody who could have signed for the role.
    """
    reasons = [_fault(incident, entry, settings) for entry in _acknowledgements(incident, role)]
    if None in reasons:
        return None
    return "; ".join(filter(None, reasons)) or f"nobody has acknowledged as {role}"


def _fault(incident: Incident, entry: Entry, settings: Settings) -> str | None:
    """Why an acknowledgement does not count."""
    role, name = str(entry.get("role")), str(entry.get("name"))
    if entry.get("claimed"):
        could = [str(person) for person in settings.people.values() if person.role == role]
        return f"only claimed for {name}; {' or '.join(could)} can sign it" if could else None
    try:
        signed = envelope.read(incident.folder / _signed_file(str(entry.get("asked")), str(entry.get("key"))), TYPE)
    except EvidenceError as error:
        return str(error)
    said = signed.predicate
    if (said.get("incident"), said.get("asked"), said.get("role")) != (incident.id, entry.get("asked"), role):
        return f"what {name} signed is another acknowledgement"
    person = settings.holders().get(signed.by)
    return None if person is not None and person.role == role else f"the key that signed is nobody's who is {role}"


def _signed_file(asked: str, by: str) -> str:
    return f"acknowledged-{asked[:16]}-{by[:16]}.json"


def _acknowledgements(incident: Incident, role: str) -> list[Entry]:
    return [entry for entry, _ in _lines(incident, "acknowledged") if entry.get("role") == role]


def _lines(incident: Incident, kind: Kind) -> list[tuple[Entry, str]]:
    """The lines of a kind, and their digests, since the incident is as bad as it is."""
    return [(entry, digest) for entry, digest in _since(incident) if entry["type"] == kind]


def _since(incident: Incident) -> Sequence[tuple[Entry, str]]:
    """The lines from the one on that made it as bad as it is: who was told of less was not told of this."""
    lines = list(zip(incident.entries, incident.digests, strict=True))
    first, severity = 0, None
    for number, entry in enumerate(incident.entries):
        if entry.get("severity", severity) != severity:
            first, severity = number, entry["severity"]
    return lines[first:]


def _times(incident: Incident, channel: str) -> int:
    return sum(1 for entry, _ in _lines(incident, "asked") if entry.get("channel") == channel)


def _time(entry: Entry) -> datetime:
    return datetime.fromisoformat(str(entry["at"]))
