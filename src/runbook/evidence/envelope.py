"""Signed documents: DSSE envelopes (https://github.com/secure-systems-lab/dsse, 1.0.2) around in-toto statements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.errors import EvidenceError
from runbook.evidence import keys
from runbook.evidence.chain import canonical, digest

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A document whose signature fits: what it says, the material of the key that signed it, and its digest."""

    predicate: Mapping[str, Any]
    subjects: Mapping[str, str]
    by: str
    digest: str


def write(
    path: Path, type_: str, predicate: Mapping[str, object], subjects: Mapping[str, str], signer: CryptoSigner
) -> Signed:
    """Sign a statement on these subjects (name and SHA-256) and write it where nothing stands yet."""
    by = keys.material(signer.public_key)
    said = {**predicate, "key": by}
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": value}} for name, value in sorted(subjects.items())],
        "predicateType": type_,
        "predicate": said,
    }
    payload = canonical(statement)
    with path.open("xb") as file:
        file.write(around(payload, signer))
    return Signed(said, dict(subjects), by, digest(payload))


def around(statement: bytes, signer: CryptoSigner) -> bytes:
    """An envelope around the bytes of a statement, signed."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(statement, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return canonical(envelope.to_dict()) + b"\n"


def read(path: Path, type_: str) -> Signed:
    """Read a statement of this type, once the signature fits the key that it names.

    Whether that key is anybody's is for the caller to ask. Raises EvidenceError when anything does not fit.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError

    try:
        data = path.read_bytes()
        document = json.loads(data)
        if canonical(document) + b"\n" != data:
            raise EvidenceError(f"{path}: is not written as it was signed")
        envelope = Envelope.from_dict(document)
        statement = json.loads(envelope.payload)
        by = keys.public(statement["predicate"]["key"])
        envelope.verify([by], 1)
        if envelope.payload_type != PAYLOAD_TYPE or len(envelope.signatures) != 1:
            raise EvidenceError(f"{path}: is not an envelope with one signature around an in-toto statement")
        if (statement["_type"], statement["predicateType"]) != (STATEMENT, type_):
            raise EvidenceError(f"{path}: is a {statement['predicateType']}, not a {type_}")
        subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        if canonical(statement) != envelope.payload or len(subjects) != len(statement["subject"]):
            raise EvidenceError(f"{path}: can be read in more than one way")
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror})") from None
    except VerificationError:
        raise EvidenceError(f"{path}: its signature does not fit: it was changed after it was signed") from None
    except EvidenceError:
        raise
    except Exception:
        # Whatever bytes do to a parser, it is not a signed document.
        raise EvidenceError(f"{path}: is no signed document") from None
    return Signed(statement["predicate"], subjects, keys.material(by), digest(envelope.payload))


def files(folder: Path, leave_out: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, by path, and what is in it; `leave_out` names files and folders at its top.

    Raises EvidenceError for what is neither file nor folder.
    """
    left_out = set(leave_out)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.partition("/")[0] in left_out or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            raise EvidenceError(f"{path}: is neither a file nor a folder, so it cannot be sealed")
        yield name, path.read_bytes()
