"""The seal of a run: who ran what on which target, what became of it, and the SHA-256 of every file that shows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import envelope, ledger
from runbook.evidence.chain import canonical, digest
from runbook.evidence.run import Run, read

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.evidence.envelope import Signed
    from runbook.evidence.redact import Redactor

SEAL = "seal.json"
STAMP = "seal.tsr"
GATE = "gate"
GLASS = "break-glass.json"
ADDED_LATER = (SEAL, STAMP, GATE)
"""What is not there yet when a run is sealed: the seal itself, its timestamp, and what a gate makes of the run, each
signed alone."""


def seal(folder: Path, signer: CryptoSigner, redactor: Redactor) -> Signed:
    """Sign what a run left in its folder and enter it in the ledger beside it.

    Raises EvidenceError when a file holds a secret (nothing is signed then), is no file, or the ledger is damaged.
    """
    subjects: dict[str, str] = {}
    found: list[str] = []
    for name, data in envelope.files(folder, ADDED_LATER):
        subjects[name] = digest(data)
        if redactor.finds(data) or redactor.finds(os.fsencode(name)):
            # The name itself may be what gives it away.
            found.append(redactor.text(name))
    if found:
        raise EvidenceError(f"not sealed: a secret stands in {', '.join(found)}; remove the folder, mend what wrote it")
    with ledger.held(folder.parent) as book:
        return book.enter("run", folder / SEAL, told(read(folder, observations=False)), subjects, signer)


def told(run: Run) -> dict[str, object]:
    """What a seal says of a run, beside the digests of its files; all of it can be worked out from the record again."""
    executed = sorted(run.checks)
    return {
        "run": run.folder.name,
        "verdict": str(run.judgement.verdict),
        "clauses": {result.clause.id: result.outcome for result in run.judgement.clauses},
        "gaps": list(run.judgement.gaps),
        "start": {name: value for name, value in run.start.items() if name not in ("type", "previous")},
        "ended": run.verdict.get("at"),
        "required": {"count": len(run.required), "digest": digest(canonical(sorted(run.required)))},
        "executed": {"count": len(executed), "digest": digest(canonical(executed))},
        "record": run.digest,
    }
