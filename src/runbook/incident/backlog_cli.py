"""`runbook backlog`: bug fixes that a run shows to be needed. There is no `add`: nobody asks for a feature here."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands import TARGET, told_plainly


@click.group()
def backlog() -> None:
    """The Backlog Registry: violated P2 clauses, labelled, each once, with a due date."""


@backlog.command("record")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@TARGET
@told_plainly
def record(run: Path, target: Path | None) -> None:
    """Enter what RUN (a folder in reports/) violates, and close what it proves.

    Exit code 3 when the webhook of the settings did not take it all; the file has it, and it is told again.
    """
    from runbook.evidence.run import read
    from runbook.incident.backlog import record as recorded
    from runbook.targets.unopened import backlog_of, settings_of

    settings, path = settings_of(target), backlog_of(target)
    changed = recorded(path, settings, read(run.resolve(), observations=False))
    for one in changed:
        click.echo(f"{one.what}: {one.entry.clause} {one.entry.title}, due {one.entry.due}")
    if not changed:
        click.echo("nothing new")
    click.echo(path)
    lost = [one for one in changed if one.delivery is not None and not one.delivery.delivered]
    for one in lost:
        reason = one.delivery.reason if one.delivery is not None else None
        click.secho(f"NOT TOLD to incidents.backlog_url: {one.what} {one.entry.title}: {reason}", fg="red", err=True)
    if lost:
        click.secho("It is told again by the next `runbook backlog record`.", fg="red", bold=True, err=True)
        raise SystemExit(3)


@backlog.command("list")
@TARGET
@told_plainly
def list_(target: Path | None) -> None:
    """Print the entries. Exit code 1 when any is overdue."""
    from datetime import UTC, datetime

    from runbook.incident.registry import ordered, read
    from runbook.targets.unopened import backlog_of

    today, entries = datetime.now(UTC).date(), ordered(read(backlog_of(target)))
    for entry in entries:
        overdue = entry.overdue(today)
        state = (
            f"OVERDUE {entry.due}" if overdue else f"due {entry.due}" if entry.is_open else f"closed {entry.closed:%F}"
        )
        row = f"{state:18}  {entry.clause:4}  {entry.target:12}  {entry.title}"
        click.secho(row, fg="red" if overdue else None, bold=overdue)
    late = sum(entry.overdue(today) for entry in entries)
    click.echo(f"{sum(entry.is_open for entry in entries)} open, {late} overdue, {len(entries)} in all")
    if late:
        click.secho(f"TERLAMBAT / OVERDUE: {late}", fg="red", bold=True, err=True)
        raise SystemExit(1)
