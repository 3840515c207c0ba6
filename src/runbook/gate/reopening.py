"""Access is opened again: by a verdict that is fresh, approved and of this very target, once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import keys, ledger
from runbook.evidence.chain import digest
from runbook.evidence.run import CLOCK_SLACK
from runbook.evidence.seal import SEAL
from runbook.evidence.verify import verify_run
from runbook.fingerprint import take
from runbook.gate import approval
from runbook.gate.approval import Approval
from runbook.gate.running import STANDARD_ERROR
from runbook.targets import opened
from runbook.targets.environment import cleaned

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.evidence.chain import Chained
    from runbook.evidence.envelope import Signed
    from runbook.settings import Settings
    from runbook.settings_gate import Person

FILE = "reopening.json"
OUTCOME = "opened.json"
PROFILE = "reopen"


@dataclass(frozen=True, slots=True)
class Reopening:
    """What became of it: nothing was run where there are `refusals`; else the exit code of the re-open command."""

    refusals: tuple[str, ...] = ()
    exit_code: int | None = None


def reopen(path: Path, target: Path, signer: CryptoSigner) -> Reopening:
    """Run the re-open command of the settings, if the verdict in `path` allows it, and record that it was run.

    Raises EvidenceError, SettingsError or TargetError where it cannot even be asked.
    """
    signed = ledger.signed("verdict", path)
    with opened(target) as running:
        settings = running.settings
        if not settings.gate.reopen:
            raise EvidenceError(f"{target}: gate.reopen names no command, so there is nothing to run")
        reports = path.parents[2]
        subjects = {path.name: digest(path.read_bytes())}
        people = settings.holders()
        by = keys.material(signer.public_key)
        # Held until it is written: of two who re-open at once, one is told that it was done.
        with ledger.held(reports) as book:
            refusals = [*refused(path, signed, settings, people, book.there)]
            if by not in people:
                refusals.append(f"your key {by} is nobody's of [people]")
            if refusals:
                return Reopening(tuple(refusals))
            said: dict[str, object] = {
                "run": signed.predicate["run"],
                "verdict": signed.digest,
                "command": list(settings.gate.reopen),
            }
            book.enter("reopening", path.with_name(FILE), said, subjects, signer)
        code = run_command(settings, target)
        with ledger.held(reports) as book:
            said = {"run": signed.predicate["run"], "verdict": signed.digest, "exit_code": code}
            book.enter("opened", path.with_name(OUTCOME), said, subjects, signer)
        return Reopening(exit_code=code)


def refused(path: Path, signed: Signed, settings: Settings, people: dict[str, Person], there: Chained) -> Iterator[str]:
    """Everything that keeps this verdict from opening this target now."""
    said = signed.predicate
    folder = path.parents[1]
    trusted = {key: str(person) for key, person in people.items()}
    yield from (found for found in verify_run(folder, trusted, there) if isinstance(found, str))
    if said["run"] != folder.name or signed.subjects != {SEAL: digest((folder / SEAL).read_bytes())}:
        yield "the verdict is of another run"
    if ledger.signed("run", folder / SEAL).by != signed.by:
        # Else one of the approvers could be the one who ran it.
        yield "the verdict was not signed by the one who sealed the run"
    if signed.by not in people:
        yield f"the verdict was signed with the key {signed.by}, which is nobody's of [people]"
    if (said["verdict"], said["profile"]) != ("PASSED", PROFILE):
        yield f"the verdict is {said['verdict']} for {said['profile']}; it takes PASSED for {PROFILE}"
    if said["target"] != settings.name:
        yield f"the verdict is of {said['target']}, not of {settings.name}"
    if any(line.get("type") == "reopening" and line.get("verdict") == signed.digest for line in there.entries):
        yield "the verdict has opened access already: it counts once"
    yield from _stale(said["at"], settings.gate.fresh_minutes)
    found = list(approval.approvals(path, signed, people))
    yield from (one for one in found if isinstance(one, str))
    lacking = approval.missing([one for one in found if isinstance(one, Approval)], settings.gate.approvals)
    yield from (f"not approved by {role}: `runbook approve {path} --key KEY`" for role in lacking)
    now = take(settings)
    yield from (f"the target changed after it was verified: {part}" for part in now.differs_from(said["fingerprint"]))


def _stale(at: str, minutes: float) -> Iterator[str]:
    age = datetime.now(UTC) - datetime.fromisoformat(at)
    if age < -CLOCK_SLACK:
        yield "the verdict is of the future: this clock, or that of the gate, is wrong"
    if age > timedelta(minutes=minutes):
        old = age.total_seconds() / 60
        yield f"the verdict is {old:.0f} minutes old, and counts for {minutes:g}: run the gate again"


def run_command(settings: Settings, target: Path) -> int:
    """Run the re-open command of the settings beside them. What it prints goes to standard error."""
    command = [sys.executable if part == "{python}" else part for part in settings.gate.reopen]
    try:
        return subprocess.run(
            command,
            cwd=target.parent,
            env=cleaned(target, {}),
            stdin=subprocess.DEVNULL,
            stdout=STANDARD_ERROR,
            timeout=settings.gate.reopen_within,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        message = f"{command[0]} did not end within {settings.gate.reopen_within:g} s (gate.reopen_within)"
        raise EvidenceError(f"{message}: look whether access is open") from None
    except OSError as error:
        raise EvidenceError(f"gate.reopen: {command[0]} cannot be run ({error.strerror}): nothing is open") from None
