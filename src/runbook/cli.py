"""`runbook`: the system of this repository by hand, and a look at a target's settings."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands import TARGET, told_plainly
from runbook.evidence.cli import evidence, keys_group
from runbook.gate.cli import approve, break_glass, gate, reopen
from runbook.incident.backlog_cli import backlog
from runbook.incident.cli import incident
from runbook.lifecycle.cli import down, restart, status, up
from runbook.logs.cli import logs
from runbook.rls.cli import rls


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="runbook-checks")
def main() -> None:
    """The operations runbook, executable.

    The checks themselves are run with pytest: `pytest checks/health --target FILE`.
    """


for command in (up, down, restart, status):
    main.add_command(command)
main.add_command(rls)
main.add_command(logs)
main.add_command(keys_group)
main.add_command(evidence)
main.add_command(gate)
main.add_command(incident)
main.add_command(backlog)
main.add_command(approve)
main.add_command(reopen)
main.add_command(break_glass)


@main.command()
@TARGET
@told_plainly
def doctor(target: Path | None) -> None:
    """Check a settings file and everything that it points to. Exit code 1 when something is not as it should be."""
    from runbook.doctor import examine
    from runbook.targets import EMBEDDED, opened

    path = target if target is not None else EMBEDDED
    sound = True
    with opened(path) as running:
        click.echo(f"{path}: the settings are valid ({running.settings.name}, {running.settings.severity})")
        for finding in examine(running.settings):
            sound = sound and finding.sound
            mark, colour = ("ok ", "green") if finding.sound else ("NOT", "red")
            click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {finding.text}")
    raise SystemExit(0 if sound else 1)


@main.command("clauses")
@click.option("--defects", is_flag=True, help="Name every defect, and not only how many there are.")
@told_plainly
def show_clauses(defects: bool) -> None:
    """Show each clause of the runbook with its checks, and the planted defects that were seen to turn each red.

    Exit code 1 when a clause has no check, or a check was never seen to fail.
    """
    from runbook.coverage import covered

    whole = True
    for one in covered():
        clause = one.clause
        click.secho(f"{clause.id}  {clause.severity}  checks/{clause.section}", bold=True)
        for wording in clause.wording.values():
            click.echo(f"    {wording}")
        whole = whole and bool(one.checks) and all(one.checks.values())
        for check, red in one.checks.items():
            told = ", ".join(red) if defects else f"{len(red)} seen to turn it red"
            click.echo(f"    - {check}: {told if red else click.style('never seen to fail', fg='red')}")
    raise SystemExit(0 if whole else 1)


@main.command()
@told_plainly
def browser() -> None:
    """Print the browser that the Admin checks will use; install one when there is none."""
    from runbook.admin.install import ensure

    click.echo(ensure(lambda line: click.echo(line, err=True)))
