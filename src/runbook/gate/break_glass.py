"""Access is opened without proof: by one person, with a reason, until a time; every later report says so, loudly.

It ends when access is opened by a verdict, not when its time is over: until then nobody has proved anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence import keys, ledger
from runbook.evidence.record import new_folder
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import GLASS
from runbook.gate.reopening import run_command

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from runbook.settings import Settings

SHORTEST_REASON = 20
LONGEST_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class Broken:
    """Access that was opened without proof: when and until when (UTC), by whom and why."""

    at: datetime
    until: datetime
    by: str
    why: str

    @property
    def text(self) -> str:
        """For every report, in English; its first word is for the eye."""
        state = "EXPIRED, and nothing was proved since" if self.until < datetime.now(UTC) else "in force"
        return (
            f"BREAK-GLASS {state}: {self.by} opened access without proof at {self.at:%Y-%m-%d %H:%M} UTC,"
            f" until {self.until:%Y-%m-%d %H:%M} UTC: {self.why}"
        )


def break_glass(settings: Settings, target: Path, reports: Path, why: str, hours: float, signer: CryptoSigner) -> int:
    """Record it, signed, and then run the re-open command; returns its exit code.

    Raises EvidenceError without a reason, with too long a time, or by somebody whom the settings do not name.
    """
    by = keys.material(signer.public_key)
    person = settings.holders().get(by)
    if person is None:
        raise EvidenceError(f"your key {by} is nobody's of [people]")
    if len(why.strip()) < SHORTEST_REASON:
        raise EvidenceError(f"--reason takes a sentence that others will read: {SHORTEST_REASON} characters at least")
    if not 0 < hours <= LONGEST_HOURS:
        raise EvidenceError(f"--hours is more than 0, and {LONGEST_HOURS:g} at most: prove it until then")
    if not settings.gate.reopen:
        raise EvidenceError(f"{target}: gate.reopen names no command, so there is nothing to run")
    folder = new_folder(reports, f"{target.stem}-break-glass")
    folder.mkdir(parents=True)
    said = {
        "run": folder.name,
        "verdict": "BREAK-GLASS",
        "target": settings.name,
        "by": str(person),
        "why": Redactor(settings.secrets()).text(why.strip()),
        "until": (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds"),
        "command": list(settings.gate.reopen),
    }
    with ledger.held(reports) as book:
        book.enter("break-glass", folder / GLASS, said, {}, signer)
    return run_command(settings, target)


def unproved(reports: Path, target: str) -> Iterator[Broken | str]:
    """What was opened without proof on a target, and not by a verdict since; or what cannot be read of it."""
    open_: dict[str, Broken | str] = {}
    there = ledger.read(reports)
    for line in there.entries:
        name = str(line.get("run"))
        try:
            if line.get("type") == "break-glass":
                said = ledger.signed("break-glass", reports / name / GLASS).predicate
                if said["target"] == target:
                    at, until = (datetime.fromisoformat(said[key]) for key in ("at", "until"))
                    open_[name] = Broken(at, until, said["by"], said["why"])
            elif line.get("type") == "opened":
                path = reports / name / "gate"
                opened = ledger.signed("opened", path / "opened.json").predicate
                verdict = ledger.signed("verdict", path / "verdict.json").predicate
                if verdict["target"] == target and opened["exit_code"] == 0:
                    open_.clear()
        except EvidenceError as error:
            open_[name] = f"BREAK-GLASS or a re-opening that cannot be read: {error}"
    yield from open_.values()
