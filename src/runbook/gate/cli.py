"""`runbook gate`, `approve` and `reopen`: from a verdict to access that is open again."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.commands import KEY, REPORTS, TARGET, told_plainly
from runbook.errors import RunbookError

if TYPE_CHECKING:
    pass


@click.command()
@click.argument("profile")
@TARGET
@REPORTS
@KEY
@told_plainly
def gate(profile: str, target: Path | None, reports: Path, key: str | None) -> None:
    """Run what PROFILE requires (reopen, deploy, or your own in gate.profiles), and decide.

    The last line on standard output is for scripts: the verdict, then NAME=VALUE. Exit code 0 PASSED, 1 FAILED,
    2 wrong usage, 3 INCONCLUSIVE. With a key the verdict is signed, and can be approved.
    """
    from runbook.evidence import keys
    from runbook.evidence.export import write_page
    from runbook.gate.verdict import decide
    from runbook.settings_file import names
    from runbook.targets import EMBEDDED

    path, signer = (target or EMBEDDED).resolve(), keys.own(key)
    try:
        decided = decide(profile, path, reports.resolve(), signer)
    except RunbookError:
        raise
    except Exception as error:
        # Python would end with 1, which says that something is violated: nothing is known.
        traceback.print_exc()
        click.echo(f"INCONCLUSIVE profile={profile} error={type(error).__name__}")
        raise SystemExit(3) from None
    for alarm in decided.alarms:
        click.secho(alarm, fg="red", bold=True, err=True)
    for result in decided.run.judgement.clauses if decided.run is not None else ():
        for record in [record for record in result.records if record.outcome == result.outcome != "held"][:1]:
            told = f"{result.clause.id} {result.outcome}: {record.reason or record.check}"
            click.secho(f"! {told}", fg="red" if result.outcome == "violated" else "yellow", err=True)
    for gap in decided.gaps:
        click.secho(f"! {gap}", fg="yellow", err=True)
    if decided.note:
        click.secho(f"! {decided.note}", fg="yellow", err=True)
    page = write_page(decided.run, ("id", "en"), names(path)) if decided.run is not None else None
    waived = decided.run.judgement.waived if decided.run is not None else 0
    line = {
        "profile": profile,
        "target": decided.target,
        "waived": waived or None,
        "run": decided.run.folder.name if decided.run is not None else None,
        "page": page,
        "verdict": decided.path,
        "digest": decided.digest,
    }
    click.echo(" ".join([decided.verdict, *(f"{name}={value}" for name, value in line.items() if value is not None)]))
    raise SystemExit(decided.verdict.exit_code)


VERDICT = click.argument("verdict", type=click.Path(path_type=Path))


@click.command()
@VERDICT
@KEY
@told_plainly
def approve(verdict: Path, key: str | None) -> None:
    """Vouch for VERDICT (the file that `runbook gate` names) with your key: you have read what it proves."""
    from runbook.evidence import keys
    from runbook.gate.approval import approve as approved

    signed = approved(verdict.resolve(), keys.needed(key))
    click.echo(f"approved verdict={signed.predicate['verdict']} key={signed.by}")


@click.command()
@VERDICT
@TARGET
@KEY
@told_plainly
def reopen(verdict: Path, target: Path | None, key: str | None) -> None:
    """Open access again: run gate.reopen of the settings, if VERDICT is fresh, approved, and still of this target.

    Exit code 0 when it was opened, 3 when it is refused, else that of the command.
    """
    from runbook.evidence import keys
    from runbook.gate.reopening import reopen as reopened
    from runbook.targets import EMBEDDED

    became = reopened(verdict.resolve(), (target or EMBEDDED).resolve(), keys.needed(key))
    for refusal in became.refusals:
        click.secho(f"! {refusal}", fg="red", err=True)
    if became.exit_code is None:
        click.echo("REFUSED")
        raise SystemExit(3)
    click.echo(f"{'OPENED' if became.exit_code == 0 else 'NOT OPENED'} command_exit_code={became.exit_code}")
    raise SystemExit(became.exit_code)


@click.command("break-glass")
@click.option("--reason", required=True, help="Why it cannot wait: a sentence that every later report repeats.")
@click.option("--hours", type=float, required=True, help="For how long, 24 at most.")
@TARGET
@REPORTS
@KEY
@told_plainly
def break_glass(reason: str, hours: float, target: Path | None, reports: Path, key: str | None) -> None:
    """Open access WITHOUT proof: run gate.reopen, signed by you alone. Every report says so until a verdict opens it.

    Exit code: that of the command.
    """
    from runbook.evidence import keys
    from runbook.gate.break_glass import break_glass as broken
    from runbook.targets import EMBEDDED, opened

    path, signer = (target or EMBEDDED).resolve(), keys.needed(key)
    with opened(path) as running:
        code = broken(running.settings, path, reports.resolve(), reason, hours, signer)
    click.secho("BREAK-GLASS: access was opened without proof; prove it now: runbook gate reopen", fg="red", err=True)
    click.echo(f"{'OPENED' if code == 0 else 'NOT OPENED'} WITHOUT PROOF command_exit_code={code}")
    raise SystemExit(code)
