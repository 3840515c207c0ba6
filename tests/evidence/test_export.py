"""What an auditor is given: whole, checkable without this suite, the same each time, and no better than the record."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from securesystemslib.dsse import Envelope

from runbook.cli import main
from runbook.evidence import keys
from runbook.evidence.export import README
from runbook.evidence.formats import FORMATS
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import seal
from tests.evidence.test_tampering import write_run

RUNS = ("20260131T093000Z-mine-1", "20260131T094000Z-mine-2")


class Exported:
    """Two sealed runs, and the command that exports them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "key.pem"
        self.public = keys.new(self.key)
        for name, verdict in zip(RUNS, ("PASSED", "FAILED"), strict=True):
            write_run(folder / "reports" / name, verdict)
            seal(folder / "reports" / name, keys.signer(self.key), Redactor())

    def run(self, *arguments: str | Path, key: bool = True) -> Result:
        """`runbook evidence`."""
        environment = {"RUNBOOK_KEY": str(self.key) if key else ""}
        return CliRunner().invoke(main, ["evidence", *map(str, arguments)], env=environment)

    def unpacked(self, *more: str | Path) -> Path:
        """Both runs, exported and unpacked."""
        out = self.folder / "evidence.zip"
        runs = [self.folder / "reports" / name for name in RUNS]
        result = self.run("export", *runs, "--output", out, *more)
        assert result.exit_code == 0, result.output
        with zipfile.ZipFile(out) as archive:
            archive.extractall(self.folder / "unpacked")
        return self.folder / "unpacked"


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    return Exported(tmp_path)


def test_it_holds_the_runs_as_they_are_and_every_format(exported: Exported) -> None:
    there = exported.unpacked()
    for name in RUNS:
        original = exported.folder / "reports" / name
        copied = {path.relative_to(there / "runs" / name) for path in (there / "runs" / name).rglob("*")}
        assert copied == {path.relative_to(original) for path in original.rglob("*")}
        views = {path.name for path in (there / "views" / name).iterdir()}
        assert views == {"page.html", *(format_.file for format_ in FORMATS.values())}
    assert (there / "keys.txt").read_text(encoding="utf-8") == f"{exported.public} you\n"


def test_the_suite_verifies_it_by_the_keys_alone(exported: Exported) -> None:
    there = exported.unpacked()
    result = exported.run("verify", there / "runs", "--trust", there / "keys.txt", key=False)
    assert result.exit_code == 0, result.output
    assert result.output.count("whole") == 2
    (there / "runs" / RUNS[1] / "junit.xml").write_text("", encoding="utf-8")
    assert exported.run("verify", there / "runs", "--trust", there / "keys.txt", key=False).exit_code == 1


@pytest.mark.skipif(not all(map(shutil.which, ("jq", "openssl", "xxd", "sha256sum"))), reason="a tool is missing")
def test_standard_tools_verify_it_as_its_readme_says(exported: Exported) -> None:
    there = exported.unpacked()
    commands = "\n".join(line[4:] for line in README.splitlines() if line.startswith("    ") and "runbook" not in line)
    assert commands.count("\n") == 5
    where = there / "runs" / RUNS[0]
    ran = subprocess.run(["bash", "-euc", commands], cwd=where, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Signature Verified Successfully" in ran.stdout
    assert "run.jsonl: OK" in ran.stdout


def test_statements_are_signed(exported: Exported) -> None:
    there = exported.unpacked()
    for name in ("test-result", "svr"):
        document = json.loads((there / "views" / RUNS[0] / FORMATS[name].file).read_bytes())
        envelope = Envelope.from_dict(document)
        envelope.verify([keys.public(exported.public)], 1)
        statement = json.loads(envelope.payload)
        assert {subject["name"] for subject in statement["subject"]} >= {"run.jsonl", "seal.json"}


def test_the_same_evidence_gives_the_same_archive(exported: Exported) -> None:
    exported.unpacked()
    first = (exported.folder / "evidence.zip").read_bytes()
    (exported.folder / "evidence.zip").unlink()
    exported.unpacked()
    assert (exported.folder / "evidence.zip").read_bytes() == first


def test_only_what_is_asked_for(exported: Exported) -> None:
    reports = exported.folder / "reports"
    for since, count in (("2020-01-01", 2), ("2999-01-01", 0)):
        out = exported.folder / f"{since}.zip"
        result = exported.run("export", "--since", since, "--reports", reports, "--format", "hdf", "--output", out)
        if not count:
            assert (result.exit_code, "there is no run to export" in result.output) == (2, True)
            continue
        with zipfile.ZipFile(out) as archive:
            views = [name for name in archive.namelist() if name.startswith("views/")]
        assert sorted(Path(name).name for name in views) == ["hdf.json", "hdf.json", "page.html", "page.html"]


WRONG = {
    "no run": ([], "there is no run to export"),
    "no date": (["--since", "yesterday"], "'yesterday' is no date"),
    "no format": (["--since", "2020-01-01", "--format", "pdf"], "there is no format pdf"),
}


@pytest.mark.parametrize(("arguments", "told"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_told(exported: Exported, arguments: list[str], told: str) -> None:
    out = exported.folder / "out.zip"
    result = exported.run("export", *arguments, "--reports", exported.folder / "reports", "--output", out)
    assert result.exit_code == 2
    assert told in result.output
    assert not out.exists()


def test_an_archive_that_is_there_is_not_overwritten(exported: Exported) -> None:
    exported.unpacked()
    result = exported.run("export", exported.folder / "reports" / RUNS[0], "--output", exported.folder / "evidence.zip")
    assert result.exit_code == 2
    assert "is there already" in result.output


def test_a_run_without_a_seal_is_handed_over_only_on_purpose(exported: Exported) -> None:
    (exported.folder / "reports" / RUNS[0] / "seal.json").unlink()
    out = exported.folder / "evidence.zip"
    arguments: list[str | Path] = ["export", exported.folder / "reports" / RUNS[0], "--output", out]
    result = exported.run(*arguments)
    assert (result.exit_code, "not sealed, so it was not searched for secrets" in result.output) == (2, True)
    assert not out.exists()
    assert exported.run(*arguments, "--unsealed").exit_code == 0


def test_the_page_of_a_run_stands_beside_it(exported: Exported) -> None:
    folder = exported.folder / "reports" / RUNS[1]
    result = exported.run("page", folder)
    page = Path(result.output.strip())
    assert page == folder.with_suffix(".html")
    text = page.read_text(encoding="utf-8")
    assert re.search(r"<h1[^>]*>.*FAILED", text, re.DOTALL)
    assert exported.public[:16] in text
    assert exported.run("verify", exported.folder / "reports").exit_code == 0, "it is no part of the run"
