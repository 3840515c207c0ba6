"""What every command of `runbook` shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from runbook.errors import RunbookError

P = ParamSpec("P")
R = TypeVar("R")


def told_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """What is the operator's to mend is told without a traceback, with exit code 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RunbookError as error:
            click.secho(str(error), fg="red", err=True)
            raise SystemExit(2) from None

    return run


TARGET = click.option(
    "--target",
    "target",
    type=click.Path(path_type=Path),
    default=None,
    help="Settings file of the target (default: the system of this repository).",
)

PEOPLE = click.option(
    "--target", "target", type=click.Path(path_type=Path), default=None, help="Know the [people] of these settings."
)
REPORTS = click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    help="Where the runs and their ledger are (default: reports/).",
)
KEY = click.option("--key", envvar="RUNBOOK_KEY", default=None, help="The file of your key (default: your own).")
