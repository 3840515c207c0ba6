"""Runs as one archive for an auditor: the evidence as it stands, in the formats of others, and how to check it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.clauses import Language
from runbook.errors import EvidenceError
from runbook.evidence import envelope, ledger
from runbook.evidence.chain import digest
from runbook.evidence.formats import FORMATS
from runbook.evidence.page import Seal, page
from runbook.evidence.run import Run, read
from runbook.evidence.seal import GATE, SEAL

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

SIGNED = ("test-result", "svr")
"""Formats that are statements: they are put into an envelope, where there is a key to sign it."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: the same evidence gives the same bytes."""
README = """# Evidence

`runs/` holds the folders of runs as they were sealed, and `ledger.jsonl` of all runs. `views/` shows each run as a page
(`page.html`; no network is needed) and in the formats of other tools; all of it is derived from `runs/RUN/run.jsonl`.

`keys.txt` names the public keys (Ed25519) that these runs were signed with. Do not take them from here: compare them
with those that the people named gave you themselves.

## Is it whole

With this suite, offline:

    runbook evidence verify runs --trust keys.txt

With standard tools alone: `runs/RUN/seal.json` is a DSSE envelope around an in-toto statement that names every file of
the run and its SHA-256. What was signed is `DSSEv1`, the length and text of `payloadType`, the length and bytes of the
decoded `payload`, with single spaces between:

    jq -r .payload seal.json | base64 -d > payload
    { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c < payload | tr -d ' ')"; cat payload; } > signed
    jq -r '.signatures[0].sig' seal.json | base64 -d > signature
    { printf 302a300506032b6570032100; jq -r .predicate.key payload; } | xxd -r -p > key.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed -sigfile signature
    jq -r '.subject[] | .digest.sha256 + "  " + .name' payload | sha256sum -c -

Each line of `run.jsonl` and of `ledger.jsonl` carries as `previous` the SHA-256 of the line before it. A run that is in
the ledger and not in this archive was not asked for; its line says what it came to.

## What the files are

| file | format |
| --- | --- |
"""
NOTES = {
    "test-result": "in-toto test-result v0.1; what was not verified counts as failed",
    "svr": "in-toto simple verification result v0.2; empty unless PASSED",
    "oscal-plan": "OSCAL assessment plan",
    "oscal-results": "OSCAL assessment results",
    "hdf": "Heimdall data format",
    "traceability": "clause, check, population item, outcome, time, and the digest of the line that proves it",
    "openmetrics": "OpenMetrics",
    "junit": "JUnit",
}


def export(
    folders: Sequence[Path],
    out: Path,
    languages: Sequence[Language],
    names: Mapping[str, str],
    signer: CryptoSigner | None,
    formats: Iterable[str] = tuple(FORMATS),
) -> None:
    """Write the archive. `names`: of people, by the material of their keys.

    Raises EvidenceError when there is no run, they stand in different folders, or `out` is there already.
    """
    if len({folder.parent for folder in folders}) != 1:
        raise EvidenceError("there is no run to export" if not folders else "the runs stand in different folders")
    chosen = [*formats]
    try:
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
            for name, data in _files(folders, languages, names, signer, chosen):
                archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    except FileExistsError:
        raise EvidenceError(f"{out} is there already: name another file") from None
    except OSError as error:
        raise EvidenceError(f"{out} cannot be written ({error.strerror})") from None


def since(reports: Path, when: datetime) -> list[Path]:
    """The folders of runs that began then or later."""
    found = [(read(folder), folder) for folder in sorted(reports.iterdir()) if (folder / "run.jsonl").exists()]
    return [folder for run, folder in found if run.began is not None and run.began >= when]


def as_decided(run: Run) -> Run:
    """The run with what a gate made of it, where one did: never better than the record."""
    path = run.folder / GATE / "verdict.json"
    if not path.exists():
        return run
    try:
        said = ledger.signed("verdict", path).predicate
        gaps = [str(gap) for gap in said["gaps"]]
        if said["verdict"] != run.judgement.verdict:
            gaps.append(f"the gate came to {said['verdict']}")
    except EvidenceError as error:
        gaps = [str(error)]
    return run.with_gaps(gaps)


def sealed(run: Run, names: Mapping[str, str]) -> Seal | None:
    """What the seal of a run says, for its page; None where it has none that can be read."""
    try:
        signed = ledger.signed("run", run.folder / SEAL)
    except EvidenceError:
        return None
    subjects = tuple(sorted(signed.subjects.items()))
    return Seal(signed.by, names.get(signed.by), str(signed.predicate["at"]), signed.digest, subjects)


def write_page(run: Run, languages: Sequence[Language], names: Mapping[str, str], path: Path | None = None) -> Path:
    """Write the page of a run: beside its folder, where a later seal does not miss it, unless a path is given."""
    where = path if path is not None else run.folder.with_suffix(".html")
    where.write_text(page(run, languages, sealed(run, names)), encoding="utf-8", errors="backslashreplace")
    return where


def _files(
    folders: Sequence[Path],
    languages: Sequence[Language],
    names: Mapping[str, str],
    signer: CryptoSigner | None,
    formats: Sequence[str],
) -> Iterator[tuple[str, bytes]]:
    """Every file of the archive, by path."""
    keys: dict[str, str] = {}
    for folder in folders:
        run = as_decided(read(folder))
        files = dict(envelope.files(folder, ()))
        yield from ((f"runs/{folder.name}/{name}", data) for name, data in files.items())
        seal = sealed(run, names)
        if seal is not None:
            keys[seal.keyid] = names.get(seal.keyid, "a key that the settings do not name")
        yield f"views/{folder.name}/page.html", page(run, languages, seal).encode("utf-8", "backslashreplace")
        digests = {name: digest(data) for name, data in files.items()}
        for name in formats:
            data = FORMATS[name].write(run, digests)
            if name in SIGNED and signer is not None:
                data = envelope.around(data, signer)
            yield f"views/{folder.name}/{FORMATS[name].file}", data
    book = folders[0].parent / ledger.LEDGER
    if book.exists():
        yield f"runs/{ledger.LEDGER}", book.read_bytes()
    yield "keys.txt", "".join(f"{key} {name}\n" for key, name in sorted(keys.items())).encode()
    rows = "".join(f"| `{FORMATS[name].file}` | {NOTES[name]} |\n" for name in formats)
    yield "README.md", (README + rows).encode()


def moment(text: str) -> datetime:
    """A date or a time, in UTC where it does not say. Raises EvidenceError when it is neither."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise EvidenceError(f"{text!r} is no date: write it like 2026-01-31") from None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
