"""Two people vouch for a verdict, each with the own key, and neither of them is the one who ran it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import keys, ledger
from runbook.evidence.chain import digest

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.evidence.envelope import Signed
    from runbook.settings_gate import Person


@dataclass(frozen=True, slots=True)
class Approval:
    """A signature over a verdict's digest, and whose it is."""

    signed: Signed
    person: Person


def approve(path: Path, signer: CryptoSigner) -> Signed:
    """Sign the digest of the verdict in `path`, beside it. Raises EvidenceError when it cannot be approved."""
    signed = ledger.signed("verdict", path)
    by = keys.material(signer.public_key)
    if signed.predicate["verdict"] != "PASSED":
        raise EvidenceError(f"{path}: is {signed.predicate['verdict']}, and only what PASSED can be approved")
    if by == signed.by:
        raise EvidenceError("this key ran the gate itself; somebody else's has to approve what it came to")
    approval = path.with_name(f"approval-{by[:16]}.json")
    if approval.exists():
        raise EvidenceError(f"{approval} is there already: this key has approved it")
    said = {"run": signed.predicate["run"], "verdict": signed.digest}
    with ledger.held(path.parents[2]) as book:
        return book.enter("approval", approval, said, {path.name: digest(path.read_bytes())}, signer)


def approvals(path: Path, of: Signed, people: Mapping[str, Person]) -> Iterator[Approval | str]:
    """Each approval beside a verdict, or what is wrong with it. `people` by the material of their keys."""
    for file in sorted(path.parent.glob("approval-*.json")):
        try:
            signed = ledger.signed("approval", file)
        except EvidenceError as error:
            yield str(error)
            continue
        if signed.predicate.get("verdict") != of.digest or signed.predicate.get("run") != of.predicate["run"]:
            yield f"{file.name}: approves another verdict"
        elif signed.by not in people:
            yield f"{file.name}: the key {signed.by} is nobody's of [people]"
        elif signed.by == of.by:
            yield f"{file.name}: {people[signed.by].name} ran the gate, and cannot approve what it came to"
        else:
            yield Approval(signed, people[signed.by])


def missing(found: Sequence[Approval], roles: Sequence[str]) -> list[str]:
    """The roles that no approval is left for, when each counts for one role alone and each key once."""
    left = {approval.signed.by: approval.person.role for approval in found}
    lacking = []
    for role in roles:
        holder = next((key for key, has in left.items() if has == role), None)
        if holder is None:
            lacking.append(role)
        else:
            del left[holder]
    return lacking
