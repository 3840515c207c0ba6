"""A gate's verdict: what the run comes to on this very target, signed by whoever ran it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import ledger
from runbook.evidence.chain import digest
from runbook.evidence.redact import Redactor
from runbook.evidence.run import Run, read
from runbook.evidence.seal import GATE, SEAL, seal
from runbook.evidence.timestamp import tried
from runbook.evidence.verdict import Verdict
from runbook.fingerprint import take
from runbook.gate.expectation import Expectation, expect, shortfalls
from runbook.gate.running import run_checks
from runbook.targets import opened

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner


FILE = "verdict.json"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate decided: PASSED only where there is nothing in `gaps` and every check held.

    `run` is judged as the gate judges it; None where it left no record. `path` is the signed verdict; None where there
    is no key to sign it with, or nothing to sign. `note` says why the seal has no timestamp, where it was to have one.
    """

    profile: str
    target: str
    gaps: tuple[str, ...]
    run: Run | None
    path: Path | None = None
    digest: str | None = None
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Without a record nothing is known."""
        return self.run.judgement.verdict if self.run is not None else Verdict.INCONCLUSIVE

    @property
    def alarms(self) -> list[str]:
        """Access to the target that was opened without proof."""
        found = self.run.start.get("alarms") if self.run is not None else None
        return list(map(str, found)) if isinstance(found, list) else []


def decide(profile: str, settings: Path, reports: Path, signer: CryptoSigner | None) -> Decision:
    """Run what the profile requires against the target, and judge the record that it leaves, never its exit code.

    Raises SettingsError, TargetError or EvidenceError before anything runs.
    """
    with opened(settings) as target:
        name, limit = target.settings.name, target.settings.gate.limit
        expected = expect(target.settings, profile)
        reports.mkdir(parents=True, exist_ok=True)
        ran = run_checks(expected.sections, settings, name, target.provided, reports, limit)
        now = take(target.settings)
        if ran.folder is None:
            return Decision(profile, name, ran.gaps, None)
        run = read(ran.folder)
        gaps = [*ran.gaps, *shortfalls(expected, run, now)]
        redactor, note = Redactor(target.settings.secrets()), ""
        if signer is not None:
            try:
                seal(run.folder, signer, redactor)
                stamp = tried(run.folder, target.settings.timestamp)
                note = stamp if isinstance(stamp, str) else ""
            except EvidenceError as error:
                gaps.append(str(error))
                signer = None
        decided = run.with_gaps(gaps)
        decision = Decision(profile, name, decided.judgement.gaps, decided, note=note)
        return decision if signer is None else _signed(decision, expected, decided, signer, redactor)


def _signed(decision: Decision, expected: Expectation, run: Run, signer: CryptoSigner, redactor: Redactor) -> Decision:
    """Sign what the gate makes of a run that is sealed."""
    path = run.folder / GATE / FILE
    path.parent.mkdir()
    said = {
        "run": run.folder.name,
        "profile": decision.profile,
        "target": decision.target,
        "verdict": str(decision.verdict),
        "alarms": decision.alarms,
        "waived": run.judgement.waived,
        "gaps": [redactor.text(gap) for gap in decision.gaps],
        "fingerprint": dict(expected.fingerprint.known),
        "by": run.start.get("by"),
        "began": expected.began.isoformat(timespec="milliseconds"),
    }
    subjects = {SEAL: digest((run.folder / SEAL).read_bytes())}
    with ledger.held(run.folder.parent) as book:
        signed = book.enter("verdict", path, said, subjects, signer)
    return replace(decision, path=path, digest=signed.digest)
