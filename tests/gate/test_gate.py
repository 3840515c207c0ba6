"""`runbook gate` passes what is proved, and nothing that is only green."""

from __future__ import annotations

import json
import re
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest

from runbook.clauses import clauses
from runbook.evidence import ledger
from runbook.settings_gate import Section
from tests.gate.conftest import HEAD, HELD, Gate


def test_what_is_proved_passes(gate: Gate) -> None:
    result = gate.decide()
    assert result.exit_code == 0, result.output
    [line] = result.stdout.splitlines()
    told = dict(part.split("=", 1) for part in line.split(" ")[1:])
    assert line.startswith("PASSED profile=deploy target=mine run=")
    assert Path(told["verdict"]) == gate.verdict
    assert re.fullmatch(r"[0-9a-f]{64}", told["digest"])
    assert gate.verify().exit_code == 0


def test_the_page_shows_what_the_gate_decided_and_not_what_the_run_thought(gate: Gate) -> None:
    """Of a check that was deleted the run itself knows nothing: it holds itself for PASSED."""
    gate.check(HELD.replace("def test_h2", "def test_h2_too"))
    result = gate.decide()
    assert (result.exit_code, gate.run.judgement.verdict) == (3, "PASSED")
    page = Path(re.findall(r" page=(\S+)", result.stdout)[0])
    assert page == gate.run.folder.with_suffix(".html")
    again = gate.folder / "again.html"
    gate.invoke("evidence", "page", gate.run.folder, "--output", again)
    gate.invoke("evidence", "export", gate.run.folder, "--output", gate.folder / "out.zip")
    with zipfile.ZipFile(gate.folder / "out.zip") as archive:
        exported = archive.read(f"views/{gate.run.folder.name}/page.html").decode()
        metrics = archive.read(f"views/{gate.run.folder.name}/metrics.txt").decode()
    for text in (page.read_text(encoding="utf-8"), again.read_text(encoding="utf-8"), exported):
        assert re.search(r"<h1[^>]*>[^/]*INCONCLUSIVE|<title>INCONCLUSIVE", text)
        assert "not checked" in text
    assert not re.search(r'PASSED"\} 1', metrics)


def test_without_a_key_it_decides_and_signs_nothing(gate: Gate) -> None:
    result = gate.decide(by=None)
    assert (result.exit_code, "verdict=" in result.stdout) == (0, False)
    assert not gate.verdict.exists()


def test_what_is_waived_passes_and_is_told(gate: Gate) -> None:
    gate.check(HELD.replace("def test_h3(): pass", "def test_h3(): assert False, 'no such page'"))
    assert gate.decide().exit_code == 1
    until = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    waiver = (
        f'[[waiver]]\nwaives = "H3"\nreason = "Admin is moved to another host"\nowner = "Sari"\nexpires = {until}\n'
    )
    waivers = gate.settings.with_suffix(".waivers.toml")
    waivers.write_text(waiver, encoding="utf-8")
    result = gate.decide()
    assert result.exit_code == 0, result.output
    assert " waived=1 " in result.stdout
    assert "! H3 waived: waived until " in result.stderr
    assert ledger.signed("verdict", gate.verdict).predicate["waived"] == 1
    assert gate.verify().exit_code == 0
    waivers.write_text(waiver.replace("H3", "H2"), encoding="utf-8")
    assert gate.decide().exit_code == 1
    waivers.write_text(waiver.replace(until, "2026-01-31T00:00:00Z"), encoding="utf-8")
    result = gate.decide()
    assert (result.exit_code, "has expired: ask Sari" in result.stderr) == (2, True)


def test_an_authority_that_cannot_be_reached_is_told_and_keeps_nothing_closed(gate: Gate) -> None:
    gate.configure('\n[timestamp]\nurl = "http://127.0.0.1:9"\n')
    result = gate.decide()
    assert result.exit_code == 0, result.output
    assert "! no timestamp: http://127.0.0.1:9 gave none (ConnectError)" in result.stderr
    assert gate.verify().exit_code == 0


def test_a_fault_of_its_own_is_no_violation(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("runbook.gate.verdict.decide", broken)
    result = gate.decide()
    assert (result.exit_code, result.stdout) == (3, "INCONCLUSIVE profile=deploy error=ZeroDivisionError\n")


def test_a_violation_fails(gate: Gate) -> None:
    gate.check(HELD + "@clause('H1')\ndef test_open():\n    assert False, 'open'\n")
    result = gate.decide()
    assert result.exit_code == 1
    assert result.stdout.startswith("FAILED profile=deploy ")


GREEN_WITHOUT_PROOF = {
    "everything skipped": HELD.replace("pass", "pytest.skip('not today')"),
    "xfail": HELD + "@pytest.mark.xfail\n@clause('H1')\ndef test_more():\n    raise ValueError\n",
    "subtests of no iteration": HELD + "@clause('H1')\ndef test_more(subtests):\n    for _ in (): pass\n",
    "empty parametrisation": HELD + "@clause('H1')\n@pytest.mark.parametrize('x', [])\ndef test_more(x): pass\n",
    "importorskip": HELD + "@clause('H1')\ndef test_more(): pytest.importorskip('there_is_no_such_module')\n",
    "module skip": HEAD + "pytest.skip('whole file', allow_module_level=True)\n" + HELD,
    "import error": HEAD + "import there_is_no_such_module\n" + HELD,
    "pytest.exit(0)": HELD + "@clause('H5')\ndef test_more(): pytest.exit('done', returncode=0)\n",
    "sys.exit(0) in a check": HELD + "@clause('H5')\ndef test_more():\n    import sys\n    sys.exit(0)\n",
    "os._exit(0)": HELD + "@clause('H5')\ndef test_more():\n    import os\n    os._exit(0)\n",
    "killed": HELD + "@clause('H5')\ndef test_more():\n    import os\n    os.kill(os.getpid(), 9)\n",
    "a check deleted": HELD.replace("def test_h2", "def helper"),
    "a clause's check renamed": HELD.replace("def test_h2", "def test_h2_too"),
    "a population without its items": HELD.replace("exposed_table", ""),
    "a policy changed meanwhile": HELD
    + "@clause('H5')\ndef test_more():\n    import os, psycopg\n"
    + "    with psycopg.connect(os.environ['RUNBOOK_DSN']) as connection:\n"
    + "        connection.execute('create policy late on public.events')\n",
}


@pytest.mark.parametrize("checks", GREEN_WITHOUT_PROOF.values(), ids=GREEN_WITHOUT_PROOF)
def test_checks_that_prove_nothing_do_not_pass(gate: Gate, checks: str) -> None:
    gate.check(checks)
    result = gate.decide()
    assert result.exit_code == 3, result.output
    assert result.stdout.startswith("INCONCLUSIVE ")
    assert result.stderr.count("\n! ") + result.stderr.startswith("! ") > 0, "it says why"


STEERED = {
    "sys.exit(0) in a conftest": """
        import sys
        sys.exit(0)
    """,
    "sys.exit(0) when the session begins": """
        import sys
        def pytest_sessionstart(): sys.exit(0)
    """,
    "another exit code": """
        def pytest_sessionfinish(session): session.exitstatus = 0
        def pytest_collection_modifyitems(items): del items[1:]
    """,
    "deselection": """
        def pytest_collection_modifyitems(config, items):
            config.hook.pytest_deselected(items=items[:1])
            del items[0]
    """,
    "no check is run": """
        def pytest_runtest_protocol(): return True
    """,
    "a clock that was set back": """
        import runbook.evidence.record as record
        from datetime import datetime, timedelta
        class Past(datetime):
            @classmethod
            def now(cls, tz=None): return datetime.now(tz) - timedelta(hours=1)
        record.datetime = Past
    """,
    "a clock that is set back meanwhile": """
        import runbook.evidence.record as record
        from datetime import datetime, timedelta
        hours = iter([0, 0, 0, 0] + [1] * 999)
        class Past(datetime):
            @classmethod
            def now(cls, tz=None): return datetime.now(tz) - timedelta(hours=next(hours))
        record.datetime = Past
    """,
    "a full disk": """
        import resource
        def pytest_collection_finish(): resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
    """,
    "another severity": """
        import fixtures.verdict as verdict
        write = verdict.RunRecord.write
        def other(self, type_, **entry):
            write(self, type_, **{**entry, **({"severity": "production"} if type_ == "start" else {})})
        verdict.RunRecord.write = other
    """,
    "a record that is cut off": """
        import fixtures.verdict as verdict
        close = verdict.RunRecord.close
        def cut(self):
            close(self)
            self.path.write_bytes(b"".join(self.path.read_bytes().splitlines(keepends=True)[:-2]))
        verdict.RunRecord.close = cut
    """,
}


@pytest.mark.parametrize("conftest", STEERED.values(), ids=STEERED)
def test_a_run_that_is_steered_does_not_pass(gate: Gate, conftest: str) -> None:
    gate.conftest(dedent(conftest))
    result = gate.decide()
    assert result.exit_code == 3, result.output
    assert result.stdout.startswith("INCONCLUSIVE ")


@pytest.mark.parametrize(
    "option",
    ["--collect-only", "--setup-plan", "--setup-only", "-k h1", "--deselect checks/health/test_it.py::test_h3"],
)
def test_options_that_run_less_do_not_pass(gate: Gate, option: str) -> None:
    ini = gate.folder / "pyproject.toml"
    ini.write_text(
        ini.read_text(encoding="utf-8").replace("addopts = [", f"addopts = [{json.dumps(option.split())[1:-1]}, "),
        encoding="utf-8",
    )
    assert gate.decide().exit_code == 3


def test_a_run_that_holds_a_secret_is_not_sealed_and_does_not_pass(gate: Gate) -> None:
    leak = """
    from fixtures.evidence import FOLDER
    def pytest_collection_finish(session):
        (session.config.stash[FOLDER] / "leak.txt").write_text("key=signing-secret-of-the-settings-tests")
    """
    gate.conftest(dedent(leak))
    result = gate.decide()
    assert result.exit_code == 3
    assert "! not sealed: a secret stands in leak.txt" in result.stderr
    assert not gate.verdict.exists()


def test_what_the_environment_tells_pytest_is_not_heard(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only -k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "there_is_no_such_plugin")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", str(gate.folder / "elsewhere"))
    assert gate.decide().exit_code == 0
    assert len(gate.run.checks) == len(gate.run.required) > 5


def test_a_worker_that_dies_does_not_pass(gate: Gate) -> None:
    ini = gate.folder / "pyproject.toml"
    ini.write_text(ini.read_text(encoding="utf-8").replace("addopts = [", 'addopts = ["-n", "2", '), encoding="utf-8")
    assert gate.decide().exit_code == 0, "with workers alone it does"
    gate.check(HELD + "@clause('H4')\ndef test_dies():\n    import os\n    os._exit(0)\n")
    assert gate.decide().exit_code == 3


def test_a_run_that_hangs_is_ended(gate: Gate) -> None:
    gate.configure(**{"limit = 60": "limit = 3"})
    gate.check(HELD + "@clause('H4')\ndef test_hangs():\n    import subprocess\n    subprocess.run(['sleep', '60'])\n")
    began = time.monotonic()
    result = gate.decide()
    assert result.exit_code == 3
    assert time.monotonic() - began < 30
    assert "did not end within 3 s (gate.limit)" in result.stderr
    assert gate.verify().exit_code == 0, "what was recorded until then is sealed"


def test_a_target_without_a_population_does_not_pass(gate: Gate) -> None:
    gate.configure(**{"[database]": '[database]\nexposed_schemas = ["nowhere"]'})
    result = gate.decide()
    assert result.exit_code == 3
    assert "health: nothing is there to be checked" in result.stderr


def test_what_the_target_is_must_be_known_or_declared(gate: Gate) -> None:
    gate.configure(**{"fingerprint.commit": "fingerprint.api"})
    result = gate.decide()
    assert result.exit_code == 3
    assert "commit of the target is not known: release.route is not in the settings" in result.stderr


def test_a_profile_that_is_not_there_is_wrong_usage(gate: Gate) -> None:
    result = gate.decide("opening")
    assert result.exit_code == 2
    assert "gate.profiles has no 'opening'; there is reopen, deploy" in result.stderr
    assert not list(gate.reports.glob("*"))


def test_a_database_that_is_not_there_does_not_pass(gate: Gate) -> None:
    gate.dsn = "postgresql://postgres:none@127.0.0.1:9/none"
    assert gate.decide().exit_code == 3


def test_a_gate_can_require_each_section_that_is_about_the_system() -> None:
    of_an_incident = {"incident", "post_incident"}
    assert {clause.section for clause in clauses().values()} - of_an_incident == set(get_args(Section))
