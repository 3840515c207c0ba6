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
from runbook.evidence.verdict import Judgement, Verdict
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

    `path` is the signed verdict; None where there is no key to sign it with, or no record to sign.
    """

    profile: str
    target: str
    verdict: Verdict
    gaps: tuple[str, ...]
    run: Run | None
    alarms: tuple[str, ...] = ()
    path: Path | None = None
    digest: str | None = None


def as_decided(decision: Decision) -> Run | None:
    """The run with the gate's verdict in place of its own, for people to read."""
    if decision.run is None:
        return None
    judgement = Judgement(decision.verdict, decision.run.judgement.clauses, decision.gaps)
    return replace(decision.run, judgement=judgement)


def decide(profile: str, settings: Path, reports: Path, signer: CryptoSigner | None) -> Decision:
    """Run what the profile requires against the target, and judge the record that it leaves, never its exit code.

    Raises SettingsError, TargetError or EvidenceError before anything runs.
    """
    with opened(settings) as target:
        expected = expect(target.settings, profile)
        reports.mkdir(parents=True, exist_ok=True)
        ran = run_checks(
            expected.sections, settings, target.settings.name, target.provided, reports, target.settings.gate.limit
        )
        now = take(target.settings)
        run = read(ran.folder) if ran.folder is not None else None
        gaps = [*ran.gaps]
        if run is not None:
            gaps += [*run.judgement.gaps, *shortfalls(expected, run, now)]
        verdict = _verdict(run, gaps)
        decision = Decision(profile, target.settings.name, verdict, tuple(dict.fromkeys(gaps)), run, _alarms(run))
        if signer is None or run is None:
            return decision
        redactor = Redactor(target.settings.secrets())
        try:
            seal(run.folder, signer, redactor)
        except EvidenceError as error:
            return replace(decision, verdict=_verdict(run, [str(error)]), gaps=(*decision.gaps, str(error)))
        return _signed(decision, expected, run, signer, redactor)


def _alarms(run: Run | None) -> tuple[str, ...]:
    found = run.start.get("alarms") if run is not None else None
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _verdict(run: Run | None, gaps: list[str]) -> Verdict:
    if run is None:
        return Verdict.INCONCLUSIVE
    if run.judgement.verdict is Verdict.FAILED or not gaps:
        return run.judgement.verdict
    return Verdict.INCONCLUSIVE


def _signed(decision: Decision, expected: Expectation, run: Run, signer: CryptoSigner, redactor: Redactor) -> Decision:
    """Sign what the gate makes of a run that is sealed."""
    path = run.folder / GATE / FILE
    path.parent.mkdir()
    said = {
        "run": run.folder.name,
        "profile": decision.profile,
        "target": decision.target,
        "verdict": str(decision.verdict),
        "alarms": list(decision.alarms),
        "gaps": [redactor.text(gap) for gap in decision.gaps],
        "fingerprint": dict(expected.fingerprint.known),
        "by": run.start.get("by"),
        "began": expected.began.isoformat(timespec="milliseconds"),
    }
    subjects = {SEAL: digest((run.folder / SEAL).read_bytes())}
    with ledger.held(run.folder.parent) as book:
        signed = book.enter("verdict", path, said, subjects, signer)
    return replace(decision, path=path, digest=signed.digest)
