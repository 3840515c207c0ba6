"""`runbook`: the system of this repository by hand, and a look at a target's settings."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands import TARGET, told_plainly
from runbook.evidence.cli import evidence, keys_group
from runbook.gate.cli import approve, break_glass, gate, reopen
from runbook.rls.cli import rls


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="runbook-checks")
def main() -> None:
    """The operations runbook, executable.

    The checks themselves are run with pytest: `pytest checks/health --target FILE`.
    """


main.add_command(rls)
main.add_command(keys_group)
main.add_command(evidence)
main.add_command(gate)
main.add_command(approve)
main.add_command(reopen)
main.add_command(break_glass)


@main.command()
@TARGET
@click.option("--defect", default=None, help="Plant a defect of stack/defects, to see its checks turn red (a drill).")
@told_plainly
def up(target: Path | None, defect: str | None) -> None:
    """Start the embedded system, leave it running and print its addresses."""
    from runbook.targets import embedded, startable

    name, start, folder = startable(target)
    _show(embedded.up(name, start, folder, ("--defect", defect) if defect else ()))
    click.echo(f"what to sign in with stands in {embedded.note_of(name, start, folder)}")


@main.command()
@TARGET
@told_plainly
def down(target: Path | None) -> None:
    """Stop the embedded system that `up` left running."""
    from runbook.targets import embedded, startable

    name, start, folder = startable(target)
    click.echo(f"{name} is stopped" if embedded.down(name, start, folder) else f"{name} was not running")


@main.command()
@TARGET
@told_plainly
def status(target: Path | None) -> None:
    """Say whether the embedded system runs, and where. Exit code 1 when it does not."""
    from runbook.targets import embedded, startable

    name, start, folder = startable(target)
    found = embedded.find(name, start, folder)
    if found is None:
        click.echo(f"{name} is not running; `runbook up` starts it")
        raise SystemExit(1)
    click.echo(f"{name} is running (process {found.process.pid})")
    _show(found.provided)


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


@main.command()
@told_plainly
def browser() -> None:
    """Print the browser that the Admin checks will use; install one when there is none."""
    from runbook.admin.install import ensure

    click.echo(ensure(lambda line: click.echo(line, err=True)))


def _show(provided: dict[str, str]) -> None:
    """The addresses, and only them: the rest is secret."""
    for name, value in provided.items():
        if value.startswith(("http://", "https://")):
            click.echo(f"{name.removeprefix('STACK_').removesuffix('_URL').lower():8} {value}")
