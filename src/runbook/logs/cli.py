"""`runbook logs`: what the logs say, for an operator."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands import TARGET, told_plainly


@click.command()
@TARGET
@click.option("--since", default=None, help="90m, 24h, 7d or a time in ISO 8601 (default: the last deploy).")
@click.option("--json", "as_document", is_flag=True, help="All of it as JSON.")
@told_plainly
def logs(target: Path | None, since: str | None, as_document: bool) -> None:
    """Show refusals and failures by domain code, the decisions that do not agree, and what the database reports.

    Exit code 0: nothing stands out; 1: something does; 3: something could not be read.
    """
    import json

    from runbook.api.client import Client
    from runbook.database.connection import Database
    from runbook.evidence.journal import Journal
    from runbook.evidence.redact import Redactor
    from runbook.logs import text
    from runbook.logs.report import gather
    from runbook.targets import EMBEDDED, opened

    with opened(target if target is not None else EMBEDDED) as running:
        settings = running.settings
        client, database = Client(settings.api, settings.timeouts, Journal()), Database(settings, Journal())
        try:
            report = gather(settings, client, database, since)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--since") from None
        finally:
            client.close()
            database.close()
    redactor = Redactor(settings.secrets())
    if as_document:
        click.echo(json.dumps(redactor.value(text.as_json(report)), indent=2))
    else:
        for line in text.as_text(report):
            click.secho(redactor.text(line.text), fg="red" if line.tone == "bad" else None, bold=line.tone == "title")
    raise SystemExit(report.exit_code)
