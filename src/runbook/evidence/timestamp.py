"""When a seal was there at the latest, by the word of a time-stamping authority (RFC 3161): nobody's own clock says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence.seal import SEAL, STAMP

if TYPE_CHECKING:
    from runbook.settings_gate import Timestamp


def stamp(folder: Path, authority: Timestamp) -> datetime:
    """Have the seal in a run's folder stamped, and keep the token beside it; returns the authority's time (UTC).

    Raises EvidenceError when no token can be had: the seal counts all the same.
    """
    import httpx
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
    from rfc3161_client.tsp import PKIStatus

    data = (folder / SEAL).read_bytes()
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        answer = httpx.post(
            authority.url,
            content=request.as_bytes(),
            headers={"content-type": "application/timestamp-query"},
            timeout=authority.within,
        )
        answer.raise_for_status()
        response = decode_timestamp_response(answer.content)
        granted = PKIStatus(response.status) in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS)
        ours = granted and response.tst_info.nonce == request.nonce
    except (httpx.HTTPError, ValueError) as error:
        raise EvidenceError(f"no timestamp: {authority.url} gave none ({type(error).__name__})") from None
    if not ours:
        raise EvidenceError(f"no timestamp: {authority.url} did not grant what was asked of it")
    (folder / STAMP).write_bytes(answer.content)
    return response.tst_info.gen_time


def tried(folder: Path, authority: Timestamp | None) -> datetime | str | None:
    """The time of the stamp, or why there is none; None where the settings name no authority. Who cannot be reached
    keeps no deploy from passing, and no access closed: without a timestamp a seal is a seal."""
    if authority is None:
        return None
    try:
        return stamp(folder, authority)
    except EvidenceError as error:
        return str(error)


def stamped(folder: Path, root: Path) -> datetime:
    """The time (UTC) that an authority with this root certificate (PEM) vouches for. Raises EvidenceError."""
    from cryptography.x509 import load_pem_x509_certificates
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    path = folder / STAMP
    try:
        builder = VerifierBuilder()
        for certificate in load_pem_x509_certificates(root.read_bytes()):
            builder = builder.add_root_certificate(certificate)
    except (OSError, ValueError):
        raise EvidenceError(f"{root}: holds no certificate in PEM") from None
    if not path.exists():
        raise EvidenceError(f"{folder}: has no timestamp")
    try:
        response = decode_timestamp_response(path.read_bytes())
        builder.build().verify_message(response, (folder / SEAL).read_bytes())
    except VerificationError:
        raise EvidenceError(f"{path}: is not this authority's, or not on the seal that stands there") from None
    except (OSError, ValueError):
        raise EvidenceError(f"{path}: is no timestamp") from None
    return response.tst_info.gen_time
