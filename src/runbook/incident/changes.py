"""What was changed because of an incident: each with its evidence, and with the approval of somebody else."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from runbook.errors import EvidenceError
from runbook.evidence import envelope, keys
from runbook.evidence.chain import digest
from runbook.incident.timeline import Incident, held

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.settings import Settings

What = Literal["code", "policy", "migration", "settings", "nothing"]
GUARDED = ("policy", "migration")
"""What may be changed only with somebody else's approval."""
TYPE = "urn:runbook-checks:change-approval:1"
EVIDENCE = "evidence"
SHORTEST_TEXT = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its number from 1, what kind of thing was changed, and the digest of the line that tells of it.

    `evidence`: SHA-256 by the file's name; `key`: the material of the key of whoever made it.
    """

    number: int
    what: str
    text: str
    reference: str
    evidence: Mapping[str, str]
    at: str
    by: str
    key: str | None
    digest: str

    def __str__(self) -> str:
        return f"change {self.number}, {self.what}: {self.text}"


def changes(incident: Incident) -> list[Change]:
    """The changes of an incident, in order."""
    found: list[Change] = []
    for entry, line in zip(incident.entries, incident.digests, strict=True):
        if entry["type"] != "changed":
            continue
        evidence, key = entry.get("evidence"), entry.get("key")
        found.append(
            Change(
                len(found) + 1,
                str(entry.get("what", "")),
                str(entry.get("text", "")),
                str(entry.get("reference", "")),
                dict(evidence) if isinstance(evidence, dict) else {},
                str(entry["at"]),
                str(entry["by"]),
                str(key) if key else None,
                line,
            )
        )
    return found


def change(
    folder: Path, what: What, text: str, reference: str, evidence: Sequence[Path], signer: CryptoSigner | None
) -> None:
    """Add a change, with copies of the files that show it. Raises EvidenceError when it says too little.

    That nothing had to be changed is told the same way, with the reason and without evidence.
    """
    if len(text.strip()) < SHORTEST_TEXT:
        raise EvidenceError(f"say what was changed and why, in {SHORTEST_TEXT} characters at least")
    if what != "nothing" and not evidence:
        raise EvidenceError("a change needs a file that shows it (--evidence): a diff, a log, a migration")
    with held(folder) as book:
        number = len(changes(book.incident)) + 1
        kept: dict[str, str] = {}
        for path in evidence:
            name = f"{EVIDENCE}/{number}-{path.name}"
            (folder / EVIDENCE).mkdir(exist_ok=True)
            data = path.read_bytes()
            try:
                with (folder / name).open("xb") as file:
                    file.write(data)
            except FileExistsError:
                raise EvidenceError(f"{folder / name} is there already: give the files different names") from None
            kept[name] = digest(data)
        key = keys.material(signer.public_key) if signer is not None else None
        book.add("changed", what=what, text=text.strip(), reference=reference, evidence=kept, key=key)


def approve(folder: Path, number: int, signer: CryptoSigner) -> None:
    """Vouch for a change with a key that is not the one of whoever made it. Raises EvidenceError."""
    by = keys.material(signer.public_key)
    with held(folder) as book:
        wanted = next((one for one in changes(book.incident) if one.number == number), None)
        if wanted is None:
            raise EvidenceError(f"{book.incident.id} has no change {number}")
        if by == wanted.key:
            raise EvidenceError("this key made the change; somebody else's has to approve it")
        path = folder / _approval(wanted, by)
        if path.exists():
            raise EvidenceError(f"{path} is there already: this key has approved it")
        said = {"incident": book.incident.id, "change": wanted.digest}
        signed = envelope.write(path, TYPE, said, {"timeline.jsonl": wanted.digest}, signer)
        book.add("approved", change=wanted.digest, number=number, key=by, file=path.name, digest=signed.digest)


def unapproved(incident: Incident, settings: Settings, of: Container[str] | None = None) -> list[str]:
    """The changes of these kinds, or all, that nobody else has approved who may, each with the reason."""
    return [
        f"{made}: {reason}"
        for made in changes(incident)
        if (of is None or made.what in of) and (reason := lacking(incident, made, settings)) is not None
    ]


def lacking(incident: Incident, made: Change, settings: Settings) -> str | None:
    """Why a change does not count as approved by somebody else who may; None where it does, or nothing was changed."""
    if made.what == "nothing":
        return None
    if made.key is None:
        return "was made without a key, so nobody knows that another one approved it"
    people = {key: person for key, person in settings.holders().items() if person.role in settings.gate.approvals}
    reasons = list(_not_by(incident, made, people))
    return None if None in reasons else "; ".join(filter(None, reasons)) or "nobody has approved it"


def _not_by(incident: Incident, made: Change, people: Mapping[str, object]) -> Iterator[str | None]:
    """For each approval of a change why it does not count; None where it does."""
    for path in sorted(incident.folder.glob(_approval(made, "*"))):
        try:
            signed = envelope.read(path, TYPE)
        except EvidenceError as error:
            yield str(error)
            continue
        if (signed.predicate.get("incident"), signed.predicate.get("change")) != (incident.id, made.digest):
            yield f"{path.name} approves another change"
        elif signed.by == made.key:
            yield f"{path.name} is by whoever made it"
        elif signed.by not in people:
            yield f"{path.name} is by the key {signed.by[:16]}, of nobody who may approve"
        else:
            yield None


def unproven(incident: Incident, made: Change) -> list[str]:
    """What of a change's evidence is not as it was when it was added."""
    found = []
    for name, recorded in made.evidence.items():
        path = incident.folder / name
        if not path.is_file():
            found.append(f"{name} is gone")
        elif digest(path.read_bytes()) != recorded:
            found.append(f"{name} was changed since")
    if not made.evidence and made.what != "nothing":
        found.append("it has no evidence")
    return found


def _approval(made: Change, by: str) -> str:
    return f"approval-{made.digest[:16]}-{by[:16]}.json"
