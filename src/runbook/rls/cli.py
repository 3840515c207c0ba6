"""`runbook rls`: the matrix, the approval, and each probe to be replayed by hand."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.commands import TARGET, told_plainly
from runbook.errors import RunbookError, Unverified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runbook.rls.baseline import Baseline
    from runbook.settings import Settings

WIDTH = 100
WIDEST = 160


@click.group()
def rls() -> None:
    """Row-level security: who reaches what, what was approved, and how each answer was come by."""


@rls.command()
@TARGET
@click.option("--format", "kind", type=click.Choice(["text", "html", "json"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Write to this file.")
@told_plainly
def matrix(target: Path | None, kind: str, output: Path | None) -> None:
    """Show who reaches what. Exit code 0: nothing is open; 1: something is; 3: something could not be told."""
    from runbook.rls import matrix as tables
    from runbook.rls.report import observed

    with observed(target) as seen:
        table = tables.matrix(seen, _approved(seen.settings))
        if kind == "json":
            text = tables.as_json(table)
        elif kind == "html":
            from runbook.rls.page import as_html

            text = as_html(table)
        else:
            from runbook.rls.matrix_text import as_text

            wide = sys.stdout.isatty() and output is None
            width = min(shutil.get_terminal_size((WIDTH, 0)).columns, WIDEST) if wide else WIDTH
            text = "\n".join(as_text(table, width)) + "\n"
        if output is None:
            click.echo(text, nl=False)
        else:
            _write(output, click.unstyle(text) if kind == "text" else text)
            from runbook.rls.matrix_text import verdict

            _say([*verdict(table, WIDTH), str(output)])
    raise SystemExit(tables.EXIT[table.state])


@rls.command()
@click.argument("name")
@TARGET
@click.option("--persona", default=None, help="Of this persona alone.")
@told_plainly
def explain(name: str, target: Path | None, persona: str | None) -> None:
    """Show all that was tried on one relation or function, as one script for psql."""
    from runbook.rls.explain import explained
    from runbook.rls.report import observed

    with observed(target, name) as seen:
        if persona is not None and persona not in (known := [p.name for p in seen.inspection.personas]):
            raise Unverified(f"there is no persona {persona}: {', '.join(known)}")
        _say(explained(seen, persona))


@rls.command()
@TARGET
@click.option("--by", required=True, help="Who approves: a person's name.")
@click.option("--why", required=True, help="The reason, for whoever reads it later.")
@click.option("--undecided", default=None, help="Why it is approved although something could not be told.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@told_plainly
def approve(target: Path | None, by: str, why: str, undecided: str | None, dry_run: bool) -> None:
    """Write the baseline: the access and the policies as they are now, approved by a person.

    What is open is never approved; what could not be told is only with a reason.
    """
    from runbook.rls import baseline
    from runbook.rls.approval import changes, obstacles
    from runbook.rls.matrix import matrix as table_of
    from runbook.rls.report import observed

    with observed(target) as seen:
        path = Path(str(seen.settings.rls.baseline))
        approved = _approved(seen.settings)
        _say(changes(approved, baseline.observed_access(seen.cells), seen.inspection.catalog.state))
        unknown = obstacles(table_of(seen, approved))
        if unknown and undecided is None:
            raise click.ClickException(
                f'not approved: {unknown[0]}; mend that first, or give the reason with --undecided "..."'
            )
        if dry_run:
            click.echo("nothing is written (--dry-run)")
            return
        reason = f"{why} (undecided: {undecided}: {'; '.join(unknown)})" if unknown else why
        try:
            baseline.approve(path, by, reason, baseline.observed_access(seen.cells), seen.inspection.catalog)
        except OSError as error:
            raise RunbookError(f"{path} cannot be written ({error.strerror}); see rls.baseline") from None
        click.echo(f"{path}: approved by {by}; keep it in git")


def _approved(settings: Settings) -> Baseline | None:
    """What was approved, or None when nothing is yet. Raises RunbookError when it cannot be used."""
    from runbook.rls.baseline import read

    try:
        return read(Path(str(settings.rls.baseline)))
    except Unverified:
        return None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunbookError(f"{path} cannot be written ({error.strerror})") from None


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
