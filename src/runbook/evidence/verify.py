"""Whether evidence is whole: offline, from the files and the public keys of those who are trusted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.errors import EvidenceError
from runbook.evidence import envelope, ledger
from runbook.evidence.chain import FIRST, Chained
from runbook.evidence.envelope import Signed
from runbook.evidence.record import RECORD
from runbook.evidence.run import read
from runbook.evidence.seal import ADDED_LATER, SEAL, TYPE, entry, told


@dataclass(frozen=True, slots=True)
class Verified:
    """A run whose evidence is whole: its folder, its verdict, and who sealed it, by the name that is trusted."""

    folder: Path
    verdict: str
    by: str


def verify(path: Path, trusted: Mapping[str, str], head: str | None = None) -> Iterator[Verified | str]:
    """Verify a run's folder, or a folder of runs with their ledger. Yields each run that is whole, and each fault.

    `trusted`: names by the material of their public keys. `head`: the digest of a line that the ledger once ended in:
    whoever kept it elsewhere sees also when the newest lines are gone.
    """
    if (path / RECORD).exists() or (path / SEAL).exists():
        yield from _run(path, trusted, None)
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
    entered = {str(line.get("run")) for line in there.entries if line.get("type") == "run"}
    for name in sorted(entered - {folder.name for folder in runs}):
        yield f"{path}: {name} is in the ledger, and its folder is gone"
    if not runs:
        yield f"{path}: there is no run in it"
    for folder in runs:
        yield from _run(folder, trusted, there)


def _run(folder: Path, trusted: Mapping[str, str], there: Chained | None) -> Iterator[Verified | str]:
    faults: list[str] = []
    try:
        signed = envelope.read(folder / SEAL, TYPE)
        faults += _faults(folder, signed, trusted, there)
    except EvidenceError as error:
        missing = not (folder / SEAL).exists()
        faults.append(f"{folder}: is not sealed: nobody vouches for it" if missing else str(error))
    yield from faults
    if not faults:
        yield Verified(folder, str(signed.predicate["verdict"]), trusted[signed.by])


def _faults(folder: Path, signed: Signed, trusted: Mapping[str, str], there: Chained | None) -> Iterator[str]:
    if signed.by not in trusted:
        yield f"{folder}: sealed with the key {signed.by}, which is nobody's that is trusted (--trust)"
    found = envelope.files(folder, ADDED_LATER)
    for name in sorted(signed.subjects.keys() - found.keys()):
        yield f"{folder / name}: is gone"
    for name in sorted(found.keys() - signed.subjects.keys()):
        yield f"{folder / name}: was not there when the run was sealed"
    for name in sorted(found.keys() & signed.subjects.keys()):
        if found[name] != signed.subjects[name]:
            yield f"{folder / name}: was changed after the run was sealed"
    now = told(read(folder))
    for name, value in now.items():
        if signed.predicate.get(name) != value:
            yield f"{folder / SEAL}: what it says of {name} is not what the record says"
    if there is not None:
        yield from _ledger_faults(folder, signed, there)


def _ledger_faults(folder: Path, signed: Signed, there: Chained) -> Iterator[str]:
    """The ledger knows the run, by this seal, right after the line that the seal names."""
    lines = [n for n, line in enumerate(there.entries) if line.get("type") == "run" and line.get("run") == folder.name]
    if len(lines) != 1:
        yield f"{folder}: stands {len(lines)} times in the ledger" if lines else f"{folder}: is not in the ledger"
        return
    [number] = lines
    before = there.digests[number - 1] if number else FIRST
    if there.entries[number] != {**entry(signed), "previous": before}:
        yield f"{folder}: the ledger knows it by another seal"
    if signed.predicate.get("ledger") != before:
        yield f"{folder}: the ledger is not the one that it was entered in"
