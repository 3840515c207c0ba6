"""`runbook incident`: opened, told, contained, mended, resolved and closed; each step is a line of the timeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook.commands import KEY, PEOPLE, REPORTS, TARGET, told_plainly

if TYPE_CHECKING:
    from runbook.incident.changes import What

INCIDENTS = click.option(
    "--incidents",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("incidents"),
    help="Where the incidents are (default: incidents/).",
)
ID = click.argument("incident", metavar="ID")
SEVERITY = click.Choice(["P0", "P1", "P2"])


@click.group()
def incident() -> None:
    """An incident from its opening to its report: a folder with a sheet that you edit, and a timeline that grows."""


@incident.command("open")
@click.argument("title")
@click.option("--run", type=click.Path(path_type=Path, exists=True, file_okay=False), help="The run that found it.")
@click.option("--severity", type=SEVERITY, default=None, help="Another severity than the run proposes; needs --why.")
@click.option("--why", default="", help="Why this severity.")
@TARGET
@INCIDENTS
@told_plainly
def open_(title: str, run: Path | None, severity: str | None, why: str, target: Path | None, incidents: Path) -> None:
    """Open an incident. From --run come the severity, the violated clauses and the affected paths."""
    from runbook.evidence.run import read
    from runbook.incident.opening import open_incident
    from runbook.targets.unopened import settings_of

    record = read(run.resolve(), observations=False) if run is not None else None
    made = open_incident(incidents.resolve(), settings_of(target), title, record, severity, why)
    click.echo(f"{made.severity} {made.id} {made.folder}")


@incident.command("note")
@ID
@click.argument("text")
@INCIDENTS
@told_plainly
def note(incident: str, text: str, incidents: Path) -> None:
    """Add a line of your own to the timeline."""
    from runbook.incident.timeline import found, held

    with held(found(incidents.resolve(), incident)) as book:
        book.add("note", text=text)


@incident.command("severity")
@ID
@click.argument("severity", type=SEVERITY)
@click.option("--why", required=True, help="Why it is that bad, or not.")
@INCIDENTS
@told_plainly
def severity(incident: str, severity: str, why: str, incidents: Path) -> None:
    """Change the severity, with a reason."""
    from runbook.incident.timeline import found, held

    with held(found(incidents.resolve(), incident)) as book:
        book.add("severity", severity=severity, why=why)


@incident.command("contain")
@ID
@TARGET
@INCIDENTS
@told_plainly
def contain(incident: str, target: Path | None, incidents: Path) -> None:
    """Record what the sheet lists as closed and as open; the first time, keep what the policies and the access are."""
    from runbook.incident.containment import contain as contained
    from runbook.incident.timeline import found
    from runbook.targets import EMBEDDED, opened

    folder = found(incidents.resolve(), incident)
    with opened((target or EMBEDDED).resolve()) as running:
        contained(folder, running.settings)
    click.echo(f"recorded; whether it is so, proves: pytest checks/incident --incident={incident}")


@incident.command("diff")
@ID
@TARGET
@INCIDENTS
@told_plainly
def diff(incident: str, target: Path | None, incidents: Path) -> None:
    """Print what became of the policies and the access since it was contained, and write it as policies.diff."""
    from runbook.incident.policies import BEFORE, DIFF, read, taken
    from runbook.incident.policies import diff as difference
    from runbook.incident.timeline import found
    from runbook.targets import EMBEDDED, opened

    folder = found(incidents.resolve(), incident)
    before = read(folder / BEFORE)
    with opened((target or EMBEDDED).resolve()) as running:
        text = difference(before, taken(running.settings))
    (folder / DIFF).write_text(text, encoding="utf-8")
    click.echo(text or "nothing was changed", nl=not text)


@incident.command("change")
@ID
@click.argument("what", type=click.Choice(["code", "policy", "migration", "settings", "nothing"]))
@click.argument("text")
@click.option("--reference", default="", help="The commit, the migration, the policy's name.")
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="A file that shows it: a diff, a migration, a log. It is copied.",
)
@KEY
@INCIDENTS
@told_plainly
def change(
    incident: str,
    what: What,
    text: str,
    reference: str,
    evidence: tuple[Path, ...],
    key: str | None,
    incidents: Path,
) -> None:
    """Record a change of WHAT, and in TEXT what and why; with your key, so that somebody else can approve it."""
    from runbook.evidence import keys
    from runbook.incident.changes import change as changed
    from runbook.incident.timeline import found

    changed(found(incidents.resolve(), incident), what, text, reference, evidence, keys.own(key))


@incident.command("approve")
@ID
@click.argument("number", type=int)
@KEY
@INCIDENTS
@told_plainly
def approve(incident: str, number: int, key: str | None, incidents: Path) -> None:
    """Vouch for change NUMBER with your key: you have seen its evidence, and did not make it."""
    from runbook.evidence import keys
    from runbook.incident.changes import approve as approved
    from runbook.incident.timeline import found

    approved(found(incidents.resolve(), incident), number, keys.needed(key))


@incident.command("resolve")
@ID
@click.argument("text")
@INCIDENTS
@told_plainly
def resolve(incident: str, text: str, incidents: Path) -> None:
    """Say that it is over, and how it was mended; what is to be proved of that comes after."""
    from runbook.incident.timeline import found, held

    with held(found(incidents.resolve(), incident)) as book:
        book.add("resolved", text=text)


@incident.command("close")
@ID
@REPORTS
@INCIDENTS
@told_plainly
def close(incident: str, reports: Path, incidents: Path) -> None:
    """Close it: once a run of checks/post_incident has PASSED since its last step. Nothing is added after that."""
    from runbook.incident.aftermath import close as closed
    from runbook.incident.timeline import found

    click.echo(f"closed by run {closed(found(incidents.resolve(), incident), reports.resolve())}")


@incident.command("report")
@ID
@TARGET
@REPORTS
@INCIDENTS
@told_plainly
def report(incident: str, target: Path | None, reports: Path, incidents: Path) -> None:
    """Write what happened as report.md and report.html into its folder, in Indonesian and English."""
    from runbook.incident.report import write
    from runbook.incident.timeline import found, read
    from runbook.targets import EMBEDDED, opened
    from runbook.targets.unopened import backlog_of

    there = read(found(incidents.resolve(), incident))
    with opened((target or EMBEDDED).resolve()) as running:
        for path in write(there, reports.resolve(), running.settings, backlog_of(target)):
            click.echo(path)


@incident.command("show")
@ID
@INCIDENTS
@told_plainly
def show(incident: str, incidents: Path) -> None:
    """Print the timeline, and what comes next."""
    from runbook.incident.report import steps
    from runbook.incident.timeline import found, read

    there = read(found(incidents.resolve(), incident))
    click.secho(f"{there.severity} {there.id} {there.state}: {there.sheet.title}", bold=True)
    for step in steps(there):
        click.echo(f"{step.at}  {step.by:12}  {step.text}")


@incident.command("escalate")
@ID
@click.option(
    "--wait", type=click.FloatRange(min=0, max=1440), default=0, help="Minutes to ask again in, until all acknowledged."
)
@click.option("--rounds", type=click.IntRange(min=1), default=4, help="How often to ask while waiting (default: 4).")
@TARGET
@INCIDENTS
@told_plainly
def escalate(incident: str, wait: float, rounds: int, target: Path | None, incidents: Path) -> None:
    """Tell whoever has not acknowledged yet, through each channel of the settings.

    Exit code 0 when everybody was told, with --wait when everybody has acknowledged; else 3.
    """
    from runbook.incident.escalation import Asked, roles
    from runbook.incident.escalation import escalate as escalated
    from runbook.incident.notice import NEXT_STEP
    from runbook.incident.timeline import found
    from runbook.targets.unopened import settings_of

    def report(asked: Asked) -> None:
        taken, reason = asked.delivery.delivered, asked.delivery.reason
        told = f"{'told' if taken else 'NOT TOLD'}: {asked.role}{f' by {asked.channel}' if asked.channel else ''}"
        colour = "red" if not taken else "yellow" if reason else "green"
        click.secho(told + (f": {reason}" if reason else ""), fg=colour, err=not taken)

    settings = settings_of(target)
    left = escalated(found(incidents.resolve(), incident), settings, report, minutes=wait, rounds=rounds)
    click.echo(f"next: {NEXT_STEP}")
    if not left:
        click.echo(f"{'acknowledged' if wait else 'told, or acknowledged before'}: {', '.join(roles(settings))}")
        return
    missing = "ACKNOWLEDGED" if wait else "TOLD"
    click.secho(f"NOT {missing}: {', '.join(left)}. Call them now, by telephone.", fg="red", bold=True, err=True)
    click.secho(f"Hubungi sekarang lewat telepon: {', '.join(left)}.", fg="red", bold=True, err=True)
    raise SystemExit(3)


@incident.command("acknowledge")
@ID
@click.option("--role", default=None, help="For which role; needed without a key of [people].")
@click.option("--name", default=None, help="Who it is; needed without a key of [people].")
@PEOPLE
@KEY
@INCIDENTS
@told_plainly
def acknowledge(
    incident: str, role: str | None, name: str | None, target: Path | None, key: str | None, incidents: Path
) -> None:
    """Say that you are on it: signed with your key, or without one as a claim."""
    from runbook.evidence import keys
    from runbook.incident.escalation import acknowledge as acknowledged
    from runbook.incident.timeline import found
    from runbook.settings_file import people_in
    from runbook.targets import EMBEDDED

    folder, people = found(incidents.resolve(), incident), people_in((target or EMBEDDED).resolve())
    click.echo(f"acknowledged by {acknowledged(folder, people, keys.own(key), role, name, key_named=key is not None)}")
