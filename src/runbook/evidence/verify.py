"""Whether evidence is whole: offline, from the files and the public keys of those who are trusted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import EvidenceError
from runbook.evidence import envelope, ledger
from runbook.evidence.chain import Chained, digest
from runbook.evidence.envelope import Signed
from runbook.evidence.ledger import Kind
from runbook.evidence.record import RECORD
from runbook.evidence.run import read
from runbook.evidence.seal import ADDED_LATER, GATE, GLASS, SEAL, told
from runbook.evidence.timestamp import stamped


@dataclass(frozen=True, slots=True)
class Verified:
    """A run whose evidence is whole: its folder, its verdict, who sealed it, by the name that is trusted, and when at
    the latest, where an authority was asked for."""

    folder: Path
    verdict: str
    by: str
    stamped: str = ""


def verify(
    path: Path, trusted: Mapping[str, str], head: str | None = None, authority: Path | None = None
) -> Iterator[Verified | str]:
    """Verify a run's folder, or a folder of runs with their ledger. Yields each run that is whole, and each fault.

    `trusted`: names by the material of their public keys. `head`: the digest of a line that the ledger once ended in:
    whoever kept it elsewhere sees also when the newest lines are gone. `authority`: the root certificate (PEM) of the
    time-stamping authority; each seal must then have its timestamp.
    """
    if (path / RECORD).exists() or (path / SEAL).exists():
        yield from verify_run(path, trusted, None, authority)
        if head is not None:
            yield f"{path}: --head is of a ledger, and a run has none: name the folder that both stand in"
        return
    there = ledger.read(path)
    if there.fault:
        yield f"{path}: {there.fault}"
    if head is not None and head not in there.digests:
        yield f"{path}: the ledger has no line {head}: lines were taken out, or it is another one"
    runs = sorted(
        folder for folder in path.iterdir() if folder.is_dir() and any((folder / n).exists() for n in (RECORD, SEAL))
    )
    broken = sorted(folder for folder in path.iterdir() if (folder / GLASS).exists())
    entered = {str(line.get("run")) for line in there.entries if line.get("type") in ("run", "break-glass")}
    for name in sorted(entered - {folder.name for folder in (*runs, *broken)}):
        yield f"{path}: {name} is in the ledger, and its folder is gone"
    if not runs:
        yield f"{path}: there is no run in it"
    for folder in broken:
        yield from _break_glass(folder, trusted, there)
    for folder in runs:
        yield from verify_run(folder, trusted, there, authority)


def verify_run(
    folder: Path, trusted: Mapping[str, str], there: Chained | None, authority: Path | None = None
) -> Iterator[Verified | str]:
    """The same of one run, against the ledger that it stands in, if one is given."""
    faults: list[str] = []
    time = ""
    try:
        signed = ledger.signed("run", folder / SEAL)
        faults += [f"{folder / SEAL}: {fault}" for fault in _signature("run", signed, folder, trusted, there)]
        faults += _contents(folder, signed)
        faults += _of_the_gate(folder, trusted, there)
        if authority is not None:
            time = f"{stamped(folder, authority):%Y-%m-%d %H:%M:%S} UTC"
    except EvidenceError as error:
        missing = not (folder / SEAL).exists()
        faults.append(f"{folder}: is not sealed: nobody vouches for it" if missing else str(error))
    yield from faults
    if not faults:
        yield Verified(folder, str(signed.predicate["verdict"]), trusted[signed.by], time)


def _break_glass(folder: Path, trusted: Mapping[str, str], there: Chained) -> Iterator[Verified | str]:
    try:
        signed = ledger.signed("break-glass", folder / GLASS)
        faults = [f"{folder / GLASS}: {one}" for one in _signature("break-glass", signed, folder, trusted, there)]
        faults += [f"{folder / name}: was not there" for name, _ in envelope.files(folder, [GLASS])]
    except EvidenceError as error:
        faults = [str(error)]
    yield from faults
    if not faults:
        yield Verified(folder, f"BREAK-GLASS: {signed.predicate['why']}", trusted[signed.by])


def _signature(
    kind: Kind, signed: Signed, folder: Path, trusted: Mapping[str, str], there: Chained | None
) -> Iterator[str]:
    """Whose it is, and whether it belongs where it stands."""
    if signed.by not in trusted:
        yield f"signed with the key {signed.by}, which is nobody's that is trusted (--trust)"
    if signed.predicate.get("run") != folder.name:
        yield f"is of the run {signed.predicate.get('run')}"
    if there is not None:
        yield from ledger.faults(kind, signed, there)


def _contents(folder: Path, signed: Signed) -> Iterator[str]:
    """Every file is as it was when the run was sealed, and the record says what the seal says."""
    found = {name: digest(data) for name, data in envelope.files(folder, ADDED_LATER)}
    for name in sorted(signed.subjects.keys() - found.keys()):
        yield f"{folder / name}: is gone"
    for name in sorted(found.keys() - signed.subjects.keys()):
        yield f"{folder / name}: was not there when the run was sealed"
    for name in sorted(found.keys() & signed.subjects.keys()):
        if found[name] != signed.subjects[name]:
            yield f"{folder / name}: was changed after the run was sealed"
    for name, value in told(read(folder, observations=False)).items():
        if signed.predicate.get(name) != value:
            yield f"{folder / SEAL}: what it says of {name} is not what the record says"


def _of_the_gate(folder: Path, trusted: Mapping[str, str], there: Chained | None) -> Iterator[str]:
    """What a gate made of the run: the verdict on this seal, and approvals and re-openings of this verdict."""
    kinds: dict[str, Kind] = {"verdict.json": "verdict", "reopening.json": "reopening", "opened.json": "opened"}
    there_are: set[object] = set()
    for path in sorted((folder / GATE).iterdir()) if (folder / GATE).is_dir() else ():
        kind = kinds.get(path.name, "approval")
        signed = ledger.signed(kind, path)
        there_are.add(signed.digest)
        yield from (f"{path}: {fault}" for fault in _signature(kind, signed, folder, trusted, there))
        subject = folder / SEAL if kind == "verdict" else folder / GATE / "verdict.json"
        if not subject.exists() or signed.subjects != {subject.name: digest(subject.read_bytes())}:
            yield f"{path}: is not on the {subject.name} that stands there"
    for line in there.entries if there is not None else ():
        if line.get("run") == folder.name and line.get("type") != "run" and line.get("digest") not in there_are:
            yield f"{folder}: the {line.get('type')} of {line.get('at')} is in the ledger, and its file is gone"
