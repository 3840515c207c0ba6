"""`runbook keys` and `runbook evidence`: who vouches for a run, and whether it is whole."""

from __future__ import annotations

from pathlib import Path

import click

from runbook.commands import KEY, PEOPLE, REPORTS, told_plainly
from runbook.errors import EvidenceError


@click.group("keys")
def keys_group() -> None:
    """The key that seals the runs of this machine, or approves a verdict."""


@keys_group.command("new")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where to write it (default: your own key).")
@told_plainly
def new(out: Path | None) -> None:
    """Make an Ed25519 key, readable by you alone, and print its public half for the settings."""
    from runbook.evidence import keys

    path = out if out is not None else keys.default()
    public = keys.new(path)
    click.echo(f"# {path} is yours alone: give its public half to those who write the settings and to auditors")
    click.echo(f'key = "{public}"')


@click.group()
def evidence() -> None:
    """Evidence of runs: is it whole, and who vouches for it."""


@evidence.command("verify")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@PEOPLE
@click.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help='Trust the public keys in this file: lines of "KEY NAME".',
)
@click.option(
    "--head", default=None, help="The last line of the ledger, as it was told earlier: it must be there still."
)
@click.option(
    "--authority",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="Each seal must have its timestamp, by an authority with this root certificate (PEM).",
)
@KEY
@told_plainly
def verify(
    paths: tuple[Path, ...],
    target: Path | None,
    trust: tuple[Path, ...],
    head: str | None,
    authority: Path | None,
    key: str | None,
) -> None:
    """Verify runs offline: their seals, every file, the record and the ledger. Your own key is trusted.

    PATHS are folders of runs, or reports/ with all of them. Exit code 0 when everything is whole, 1 when anything is
    not, with one line for each thing that is wrong.
    """
    from runbook.evidence import ledger
    from runbook.evidence.chain import FIRST
    from runbook.evidence.ledger import LEDGER
    from runbook.evidence.verify import Verified
    from runbook.evidence.verify import verify as verified

    trusted = _trusted(key, target, trust)
    whole = True
    for path in paths:
        for found in verified(path, trusted, head, authority):
            if isinstance(found, Verified):
                told = f"{found.folder}: {found.verdict}, sealed by {found.by}"
                told += f", there at the latest {found.stamped}" if found.stamped else ""
                click.echo(f"{click.style('whole', fg='green')} {told}")
            else:
                whole = False
                click.echo(f"{click.style('NOT', fg='red')}   {found}")
        if (last := ledger.read(path).last) != FIRST:
            click.echo(f"      {path / LEDGER} ends in {last}")
    raise SystemExit(0 if whole else 1)


@evidence.command("export")
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--since", "since_", default=None, metavar="DATE", help="Every run in --reports that began then or later."
)
@REPORTS
@click.option("--format", "formats", multiple=True, help="Only these formats (default: all).")
@click.option("--output", type=click.Path(path_type=Path), default=Path("evidence.zip"), help="Default: evidence.zip.")
@click.option(
    "--unsealed", is_flag=True, help="Also runs for which nobody vouches, and that nobody searched for secrets."
)
@PEOPLE
@KEY
@told_plainly
def export(
    runs: tuple[Path, ...],
    since_: str | None,
    reports: Path,
    formats: tuple[str, ...],
    output: Path,
    unsealed: bool,
    target: Path | None,
    key: str | None,
) -> None:
    """Write one archive for an auditor: RUNS (their folders), as pages and in the formats of other tools."""
    from runbook.evidence import keys
    from runbook.evidence.export import export as exported
    from runbook.evidence.export import moment, since
    from runbook.evidence.formats import FORMATS
    from runbook.evidence.seal import SEAL

    if unknown := [name for name in formats if name not in FORMATS]:
        raise EvidenceError(f"there is no format {unknown[0]}; there is {', '.join(FORMATS)}")
    found = [*(run.resolve() for run in runs), *(since(reports.resolve(), moment(since_)) if since_ else ())]
    folders = sorted(dict.fromkeys(found))
    if bare := [folder.name for folder in folders if not unsealed and not (folder / SEAL).exists()]:
        raise EvidenceError(f"{', '.join(bare)}: not sealed, so it was not searched for secrets either (--unsealed)")
    exported(folders, output, ("id", "en"), _trusted(key, target, ()), keys.own(key), formats or tuple(FORMATS))
    click.echo(f"{output}: {len(folders)} run{'' if len(folders) == 1 else 's'}")


@evidence.command("page")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--output", type=click.Path(path_type=Path), default=None, help="Default: beside the run's folder.")
@PEOPLE
@KEY
@told_plainly
def show(run: Path, output: Path | None, target: Path | None, key: str | None) -> None:
    """Write a run as one page that needs no network, and name it."""
    from runbook.evidence.export import as_decided, write_page
    from runbook.evidence.run import read

    click.echo(write_page(as_decided(read(run.resolve())), ("id", "en"), _trusted(key, target, ()), output))


@evidence.command("index")
@REPORTS
@click.option("--output", type=click.Path(path_type=Path), default=None, help="Default: index.html in --reports.")
@PEOPLE
@KEY
@told_plainly
def show_all(reports: Path, output: Path | None, target: Path | None, key: str | None) -> None:
    """Write the history of all runs as one page that needs no network, and name it."""
    from runbook.evidence.index import write_index

    path = output if output is not None else reports / "index.html"
    click.echo(write_index(reports, ("id", "en"), _trusted(key, target, ()), path))


def _trusted(key: str | None, target: Path | None, trust: tuple[Path, ...]) -> dict[str, str]:
    """Names by the material of their keys. Raises EvidenceError for a line that is none."""
    from runbook.evidence import keys

    found: dict[str, str] = {}
    own = keys.own(key)
    if own is not None:
        found[keys.material(own.public_key)] = "you"
    if target is not None:
        from runbook.settings_file import names

        found |= names(target)
    for path in trust:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            material, _, name = line.strip().partition(" ")
            if not material or material.startswith("#"):
                continue
            try:
                keys.public(material)
            except EvidenceError as error:
                raise EvidenceError(f"{path}, line {number}: {error}") from None
            found[material] = name.strip() or material[:16]
    return found
