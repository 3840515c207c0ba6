"""`ledger.jsonl`: every signed document of a folder of reports, one chained line each, whoever adds to it.

A line that is taken out or moved shows in the chain; what was cut off at its end shows in the documents that name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from runbook.errors import EvidenceError
from runbook.evidence import chain, envelope
from runbook.evidence.chain import FIRST, Chain, Chained, Entry
from runbook.locks import locked

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.evidence.envelope import Signed

LEDGER = "ledger.jsonl"
LOCK = ".ledger.lock"
Kind = Literal["run", "verdict", "approval", "reopening", "opened", "break-glass"]
"""What is signed: a run's seal, a verdict on it, an approval of that, the re-opening by it and what came of it; and
that access was opened without any."""


def type_of(kind: Kind) -> str:
    """The predicate type of its statement (https://github.com/in-toto/attestation)."""
    return f"urn:runbook-checks:{kind}:1"


def signed(kind: Kind, path: Path) -> Signed:
    """Read a document of this kind, as `envelope.read` does."""
    return envelope.read(path, type_of(kind))


def read(reports: Path) -> Chained:
    """The ledger of a folder of reports; none yet is an empty one."""
    path = reports / LEDGER
    return chain.read(path) if path.exists() else Chained((), ())


def entry(kind: Kind, document: Signed) -> Entry:
    """The line of a signed document."""
    said = document.predicate
    return {"type": kind, "at": said["at"], "run": said["run"], "verdict": said["verdict"], "digest": document.digest}


def faults(kind: Kind, document: Signed, there: Chained) -> Iterator[str]:
    """What keeps a document from standing in the ledger once, right after the line that it names."""
    numbers = [number for number, line in enumerate(there.entries) if line.get("digest") == document.digest]
    if len(numbers) != 1:
        yield "stands more than once in the ledger" if numbers else "is not in the ledger"
        return
    before = there.digests[numbers[0] - 1] if numbers[0] else FIRST
    if there.entries[numbers[0]] != {**entry(kind, document), "previous": before}:
        yield "is not what the ledger says that it is"
    if document.predicate.get("ledger") != before:
        yield "was not entered where it stands in the ledger"


@dataclass(frozen=True, slots=True)
class Held:
    """The ledger while nobody else can add to it."""

    reports: Path
    there: Chained

    def enter(
        self, kind: Kind, path: Path, said: Mapping[str, object], subjects: Mapping[str, str], signer: CryptoSigner
    ) -> Signed:
        """Sign a document into `path`, where nothing stands yet, and enter it. Once only while it is held."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {**said, "at": at, "ledger": self.there.last}
        document = envelope.write(path, type_of(kind), told, subjects, signer)
        with (self.reports / LEDGER).open("ab") as file:
            Chain(file, self.there.last).add(entry(kind, document))
        return document


@contextmanager
def held(reports: Path) -> Iterator[Held]:
    """Hold the ledger. Raises EvidenceError when it does not hold together, or somebody else holds it for long."""
    with locked(reports / LOCK):
        there = read(reports)
        if there.fault:
            raise EvidenceError(f"{reports}: {there.fault}; nothing is added until somebody has looked at it")
        yield Held(reports, there)
