"""`runbook up`, `down`, `restart` and `status`: the parts of a target by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.commands import TARGET, told_plainly
from runbook.errors import TargetError

if TYPE_CHECKING:
    from runbook.lifecycle.part import Done, Handle
    from runbook.settings import Settings


@click.command()
@TARGET
@click.option("--defect", default=None, help="Plant a defect of stack/defects, to see its checks turn red (a drill).")
@told_plainly
def up(target: Path | None, defect: str | None) -> None:
    """Start the embedded system and leave it running; or, in order, the parts of a target that do not run."""
    from runbook.targets import embedded, startable

    settings, parts, _ = _target(target)
    if settings.starting is None and parts:
        _each(parts, lambda part: "is ready already" if part.ready() else part.start())
        return
    name, start, folder = startable(target)
    for shown in _addresses(embedded.up(name, start, folder, ("--defect", defect) if defect else ())):
        click.echo(shown)
    click.echo(f"what to sign in with stands in {embedded.note_of(name, start, folder)}")


@click.command()
@TARGET
@told_plainly
def down(target: Path | None) -> None:
    """Stop what `up` left running: the embedded system, or a target's parts, the last first."""
    from runbook.targets import embedded, startable

    settings, parts, _ = _target(target)
    if settings.starting is None and parts:
        _stop(settings, parts)
        return
    name, start, folder = startable(target)
    click.echo(f"{name} is stopped" if embedded.down(name, start, folder) else f"{name} was not running")


@click.command()
@TARGET
@told_plainly
def restart(target: Path | None) -> None:
    """Stop the parts of a target, the last first, and start them again in order."""
    settings, parts, runs = _target(target)
    if not runs:
        raise TargetError(f"{settings.name} is not running; `runbook up` starts it")
    _stop(settings, parts)
    _each(parts, lambda part: part.start())


@click.command()
@TARGET
@told_plainly
def status(target: Path | None) -> None:
    """Show each part of the target in one table. Exit code 1 unless all of them are ready."""
    settings, parts, runs = _target(target)
    if not runs:
        click.echo(f"{settings.name} is not running; `runbook up` starts it")
        raise SystemExit(1)
    rows = [_row(part) for part in parts]
    if not rows and settings.starting is None:
        raise TargetError(f"{settings.name} has no [parts]: nothing is known of how it starts")
    if not rows:
        rows = [(settings.name, "ready", "", settings.api.base_url)]
    for line in _table([("part", "state", "processes", "listens at"), *rows]):
        click.echo(line)
    raise SystemExit(0 if all(state == "ready" for _, state, *_ in rows) else 1)


def _target(target: Path | None) -> tuple[Settings, list[Handle], bool]:
    """The settings, the parts in order, and whether there is anything to ask."""
    from runbook.lifecycle.part import handles
    from runbook.targets import EMBEDDED, standing

    path = target if target is not None else EMBEDDED
    settings, runs = standing(path)
    return settings, handles(settings.parts, path.parent), runs


def _stop(settings: Settings, parts: Sequence[Handle]) -> None:
    if not settings.may_be_stopped:
        raise TargetError(f"{settings.name} is not stopped from here: its settings do not say may_be_stopped")
    _each(reversed(parts), lambda part: part.stop())


def _each(parts: Iterable[Handle], do: Callable[[Handle], Done | str]) -> None:
    """One after the other; the first that fails ends it with exit code 1."""
    for part in parts:
        done = do(part)
        if isinstance(done, str):
            click.echo(f"{part.name:9} {done}")
        elif done.fault is None:
            click.echo(f"{part.name:9} done in {done.seconds:.1f} s")
        else:
            click.secho(f"{part.name:9} {done.fault}", fg="red", err=True)
            raise SystemExit(1)


def _row(part: Handle) -> tuple[str, str, str, str]:
    from runbook.lifecycle.part import accepts
    from runbook.lifecycle.watch import processes_of

    listening = any(accepts(where) for where in part.endpoints)
    state = "ready" if part.ready() else "not ready" if listening else "stopped"
    return part.name, state, str(len(processes_of(part.endpoints)) or "-"), " ".join(part.part.listens)


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _addresses(provided: dict[str, str]) -> Iterator[str]:
    """The addresses, and only them: the rest is secret."""
    for name, value in provided.items():
        if value.startswith(("http://", "https://")):
            yield f"{name.removeprefix('STACK_').removesuffix('_URL').lower():8} {value}"
