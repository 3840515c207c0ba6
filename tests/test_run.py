"""What a whole run comes to: exit code, record and summary, with the real plugins in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.evidence.run import Run, read
from tests.documents import LIVE, VARIABLES
from tests.warm import pytest_run

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[1]
RUN_SECONDS = 60
CLAUSES = ("H1", "H2", "H3", "H4", "H5")
ONE_EACH = "\n".join(f"@clause('{id_}')\ndef test_{id_.lower()}():\n    '''One check of {id_}.'''\n" for id_ in CLAUSES)
OWN_CHECKS = """
import runbook.clauses

for clause in runbook.clauses.clauses().values():
    object.__setattr__(clause, "checks", ())  # it has checks of its own
"""
HEAD = "import pytest\nfrom fixtures.clauses import clause\n"


class Project:
    """A repository like this one, with checks of the test's own and a target that nothing answers at."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        (pytester.path / "targets").mkdir()
        self.settings = pytester.path / "targets" / "mine.toml"
        self.settings.write_text(LIVE, encoding="utf-8")
        (pytester.path / "checks" / "health").mkdir(parents=True)
        (pytester.path / "conftest.py").write_text(
            (ROOT / "conftest.py").read_text(encoding="utf-8") + OWN_CHECKS, encoding="utf-8"
        )
        (pytester.path / "pytest.ini").write_text(
            "[pytest]\naddopts = --import-mode=importlib\nmarkers = clause(id): a clause\n"
            "empty_parameter_set_mark = fail_at_collect\n",
            encoding="utf-8",
        )

    def check(self, text: str, name: str = "test_it.py") -> None:
        """Add a file of checks."""
        (self.pytester.path / "checks" / "health" / name).write_text(HEAD + text, encoding="utf-8")

    def run(self, *arguments: str, asked: Sequence[str] = ("checks/health",)) -> pytest.RunResult:
        """Run the health checks, or what else is asked for."""
        words = (*asked, "--target", self.settings, *arguments)
        ran = pytest_run(words, os.environ, RUN_SECONDS, self.pytester.path)
        print(ran.stdout, ran.stderr)
        return pytest.RunResult(ran.returncode, ran.stdout.splitlines(), ran.stderr.splitlines(), 0)

    @property
    def folder(self) -> Path:
        """The one run's folder."""
        [folder] = (self.pytester.path / "reports").iterdir()
        return folder

    @property
    def reread(self) -> Run:
        """The one run, from its record alone."""
        return read(self.folder)

    @property
    def lines(self) -> list[dict[str, object]]:
        """The one run's record."""
        return [json.loads(line) for line in (self.folder / "run.jsonl").read_text(encoding="utf-8").splitlines()]


def test_another_project_above_is_not_taken_for_this_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    settings = tmp_path / "mine.toml"
    settings.write_text(LIVE, encoding="utf-8")
    (tmp_path / "here").symlink_to(ROOT)
    command = [sys.executable, "-m", "pytest", "here/checks/health", "--target", str(settings)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 4
    assert "write --target=FILE and --reports=DIR, with =" in ran.stderr


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Whatever a test does with it, each record that is left comes to the verdict that it tells, read by itself."""
    made = Project(pytester, monkeypatch)
    yield made
    for record in (pytester.path / "reports").glob("*/run.jsonl"):
        run = read(record.parent)
        assert run.judgement.verdict == run.verdict.get("verdict", "INCONCLUSIVE"), run.judgement.gaps


def test_reports_that_cannot_be_written_end_a_run_before_it_begins(project: Project) -> None:
    project.check(ONE_EACH)
    result = project.run("--reports", str(project.settings / "reports"))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*mine.toml/reports cannot be written to: name another folder with --reports DIR"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_all_held_is_passed(project: Project, workers: tuple[str, ...]) -> None:
    project.check(ONE_EACH)
    result = project.run(*workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["H1  P0  terpenuhi / held*", "*LULUS*", "PASSED*"])
    assert project.lines[-1]["verdict"] == "PASSED"
    assert sorted(str(line["clause"]) for line in project.lines if line["type"] == "check") == list(CLAUSES)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_a_violation_is_failed_with_its_reason_and_procedure(project: Project, workers: tuple[str, ...]) -> None:
    project.check(ONE_EACH + "@clause('H2')\ndef test_open():\n    assert False, 'the guard is open'\n")
    result = project.run(*workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["H2  P1  dilanggar / violated*", "*- dilanggar / violated: open*", "*the guard is open*", "*Tindakan: *"]
    )
    assert "Traceback" not in result.stdout.str()


GREEN_WITHOUT_PROOF = {
    "skipped": "@clause('H1')\ndef test_more():\n    pytest.skip('not today')\n",
    "skip mark": "@pytest.mark.skip(reason='not today')\n@clause('H1')\ndef test_more(): pass\n",
    "xfail": "@pytest.mark.xfail\n@clause('H1')\ndef test_more():\n    raise ValueError\n",
    "pytest.xfail": "@clause('H1')\ndef test_more():\n    pytest.xfail('known')\n",
    "importorskip": "@clause('H1')\ndef test_more():\n    pytest.importorskip('there_is_no_such_module')\n",
    "another exception": "@clause('H1')\ndef test_more():\n    raise ConnectionError('password=hunter22')\n",
    "fixture fails": "@pytest.fixture\ndef f():\n    assert False\n@clause('H1')\ndef test_more(f): pass\n",
    "teardown fails": "@pytest.fixture\ndef f():\n    yield\n    assert False\n@clause('H1')\ndef test_more(f): pass\n",
    "empty parametrisation": "@clause('H1')\n@pytest.mark.parametrize('x', [])\ndef test_more(x): pass\n",
    "pytest.exit(0)": "@clause('H5')\ndef test_more():\n    pytest.exit('done', returncode=0)\n",
    "syntax error": "def test_more(:\n",
    "module skip": "pytest.skip('whole file', allow_module_level=True)\n",
}


@pytest.mark.parametrize("more", GREEN_WITHOUT_PROOF.values(), ids=GREEN_WITHOUT_PROOF)
def test_green_without_proof_is_inconclusive(project: Project, more: str) -> None:
    project.check(ONE_EACH)
    project.check(more, "test_more.py")
    result = project.run()
    assert result.ret not in (0, 1)
    assert project.lines[-1]["verdict"] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    "arguments", [["-k", "h1"], ["--collect-only"], ["--setup-plan"], ["--maxfail=1", "-k", "h2"]], ids=str
)
def test_a_run_of_less_than_everything_is_inconclusive(project: Project, arguments: list[str]) -> None:
    project.check(ONE_EACH)
    result = project.run(*arguments)
    assert result.ret == 3
    assert project.lines[-1]["verdict"] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    "asked", [["checks/health/test_it.py"], ["checks/health", "--ignore", "checks/health/test_more.py"]]
)
def test_a_check_that_was_not_even_collected_is_named(project: Project, asked: list[str]) -> None:
    project.check(ONE_EACH)
    project.check("@clause('H1')\ndef test_left_out(): pass\n", "test_more.py")
    result = project.run(asked=asked)
    assert result.ret == 3
    assert "not collected: checks/health/test_more.py::test_left_out" in str(project.lines[-1]["gaps"])


def test_a_deselected_check_is_named(project: Project) -> None:
    project.check(ONE_EACH)
    project.run("--deselect", "checks/health/test_it.py::test_h5")
    assert "not run: checks/health/test_it.py::test_h5" in str(project.lines[-1]["gaps"])


def test_a_clause_without_a_check_is_inconclusive(project: Project) -> None:
    project.check(ONE_EACH.replace("@clause('H5')\ndef test_h5", "def helper"))
    assert project.run().ret == 3
    assert "H5: no check ran" in str(project.lines[-1]["gaps"])


def test_a_worker_that_dies_is_inconclusive(project: Project) -> None:
    project.check(ONE_EACH + "@clause('H4')\ndef test_dies():\n    import os\n    os._exit(1)\n")
    assert project.run("-n", "2", "--max-worker-restart", "0").ret not in (0, 1)
    assert project.lines[-1]["verdict"] == "INCONCLUSIVE"


def test_what_was_recorded_before_a_kill_is_there(project: Project) -> None:
    project.check(
        "import os\n@clause('H1')\ndef test_first(): pass\n@clause('H2')\ndef test_kill(): os.kill(os.getpid(), 9)\n"
    )
    assert project.run().ret != 0
    assert [line["type"] for line in project.lines] == ["start", "plan", "check"]


def test_out_of_scope_is_not_required_and_is_listed(project: Project) -> None:
    with project.settings.open("a", encoding="utf-8") as file:
        file.write('\n[[out_of_scope]]\ncheck = "test_forged"\nreason = "the signing key is held by another team"\n')
    project.check(ONE_EACH + "@clause('H1')\ndef test_forged():\n    raise AssertionError('it ran')\n")
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*di luar cakupan / out of scope: forged*", "*held by another team*"])


WAIVER = """
[[waiver]]
waives = "{waives}"
reason = "Admin moves to another host"
owner = "Sari"
expires = {expires}
"""


def _but(statement: str, *clauses: str) -> str:
    """One check each, and what those of these clauses do."""
    text = ONE_EACH
    for id_ in clauses:
        text = text.replace(f"'''One check of {id_}.'''", statement)
    return text


def _waive(project: Project, *waives: str, until: datetime | None = None) -> None:
    expires = (until or datetime.now(UTC) + timedelta(days=30)).isoformat()
    text = "".join(WAIVER.format(waives=name, expires=expires) for name in waives)
    project.settings.with_suffix(".waivers.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("statement", "was", "workers"),
    [
        ("assert False, 'no such page'", "violated: no such page", ()),
        ("raise ValueError", "unverified: ValueError in", ("-n", "2")),
    ],
    ids=["violated", "unverified in a worker"],
)
def test_what_is_waived_need_not_hold_and_is_told(
    project: Project, statement: str, was: str, workers: tuple[str, ...]
) -> None:
    project.check(_but(statement, "H3"))
    _waive(project, "H3")
    result = project.run(*workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "H3  P2  dikecualikan sementara / waived*",
            "*waived until * UTC by Sari (Admin moves to another host);*",
            "PASSED*",
            "KECUALI *1*",
            "EXCEPT what is waived (checks: 1)",
        ]
    )
    [waived] = [one for one in project.reread.checks.values() if one.outcome == "waived"]
    assert waived.check == "checks/health/test_it.py::test_h3"
    assert was in str(waived.reason)
    assert 'failures="0"' in (project.folder / "junit.xml").read_text(encoding="utf-8")
    statuses = {json.loads(path.read_bytes())["status"] for path in (project.folder / "allure").glob("*-result.json")}
    assert statuses == {"passed", "skipped"}


def test_a_waiver_is_for_what_it_names_alone(project: Project) -> None:
    project.check(_but("assert False", "H3"))
    _waive(project, "H2")
    assert project.run().ret == 1


def test_a_waiver_that_is_not_needed_changes_nothing(project: Project) -> None:
    project.check(ONE_EACH)
    _waive(project, "H3")
    result = project.run()
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*EXCEPT*")


def test_a_waiver_ends_while_the_run_goes_on(project: Project) -> None:
    until = datetime.now(UTC) + timedelta(seconds=4)
    project.check(_but(f"import time; time.sleep(max(0, {until.timestamp()} - time.time())); assert False", "H3"))
    _waive(project, "H3", until=until)
    assert project.run().ret == 1


def test_when_everything_is_waived_nothing_is_verified(project: Project) -> None:
    project.check(_but("assert False", *CLAUSES))
    _waive(project, *CLAUSES)
    assert project.run().ret == 3
    assert "every check is out of scope or waived" in str(project.lines[-1]["gaps"])


def test_a_waiver_that_has_expired_is_told_before_anything_runs(project: Project) -> None:
    project.check(ONE_EACH)
    _waive(project, "H3", until=datetime.now(UTC) - timedelta(seconds=1))
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*mine.waivers.toml: waiver.0.expires: has expired: ask Sari*"])
    assert not (project.pytester.path / "reports").exists()


def test_a_seal_that_gets_no_timestamp_is_a_seal(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # In a process of its own: what a test of pytest imports is forgotten after it, and imported anew by the next one.
    command = [
        str(Path(sys.executable).with_name("runbook")),
        "keys",
        "new",
        "--out",
        str(project.pytester.path / "key.pem"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    monkeypatch.setenv("RUNBOOK_KEY", str(project.pytester.path / "key.pem"))
    with project.settings.open("a", encoding="utf-8") as file:
        file.write('\n[timestamp]\nurl = "http://127.0.0.1:9"\n')
    project.check(ONE_EACH)
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["sealed * with the key *; no timestamp: http://127.0.0.1:9 gave none (ConnectError)"])


def test_bad_settings_are_told_in_lines_before_anything_runs(project: Project) -> None:
    project.check(ONE_EACH)
    project.settings.write_text(LIVE.replace("basic_endpoint", "basic_endpiont"), encoding="utf-8")
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*mine.toml: api.basic_endpiont: unknown key; did you mean 'basic_endpoint'?"])
    assert not (project.pytester.path / "reports").exists()


def test_junit_and_allure_carry_clause_and_severity(project: Project) -> None:
    project.check(ONE_EACH)
    project.run()
    junit = (project.folder / "junit.xml").read_text(encoding="utf-8")
    assert '<property name="clause" value="H1" />' in junit
    assert '<property name="severity" value="P0" />' in junit
    assert not list((project.folder / "allure").glob("*-container.json"))
    results = [
        json.loads(path.read_text(encoding="utf-8")) for path in (project.folder / "allure").glob("*-result.json")
    ]
    labels = {(label["name"], label["value"]) for result in results for label in result["labels"]}
    assert {("clause", "H1"), ("severity", "blocker"), ("layer", "api")} <= labels


CANARIES = {
    "a token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlY2FuYXJ5",
    "an address": "canary.person@example.org",
    "a password": VARIABLES["RUNBOOK_PASSWORD"],
    "a row": "CANARY-ROW-VALUE",
}
LEAKY = """
SECRETS = {secrets!r}
@pytest.fixture
def leaking_fixture():
    raise ValueError("row: CANARY-ROW-VALUE " + " ".join(SECRETS))
@clause('H1')
def test_fixture(leaking_fixture): pass
@clause('H1')
def test_exception():
    raise RuntimeError("Failing row contains (CANARY-ROW-VALUE) " + " ".join(SECRETS))
@clause('H1')
def test_assertion():
    assert False, " ".join(SECRETS)
@clause('H1')
@pytest.mark.parametrize("value", SECRETS)
def test_parameter(value):
    assert not value
@clause('H1')
def test_output(journal):
    import sys, logging
    journal.note("http", request="GET /?token=" + SECRETS[0])
    print("CANARY-ROW-VALUE", *SECRETS)
    print(*SECRETS, file=sys.stderr)
    logging.getLogger().error("CANARY-ROW-VALUE %s", SECRETS)
    assert False
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_no_secret_is_written_or_shown(project: Project, workers: tuple[str, ...]) -> None:
    secrets = [canary for name, canary in CANARIES.items() if name != "a row"]
    project.check(ONE_EACH + LEAKY.format(secrets=secrets))
    result = project.run("--showlocals", "--tb=long", *workers)
    written = {
        path: path.read_text(encoding="utf-8", errors="replace") for path in project.folder.rglob("*") if path.is_file()
    }
    assert len(written) > 5
    shown = {Path("terminal"): result.stdout.str() + result.stderr.str()}
    leaks = [
        (path.name, name)
        for path, text in (written | shown).items()
        for name, canary in CANARIES.items()
        if canary in text
    ]
    assert leaks == []


def test_a_target_that_is_not_there_is_told_in_words_and_soon(project: Project) -> None:
    for path in (ROOT / "checks" / "health").glob("test_*.py"):
        project.check("", path.name)
        (project.pytester.path / "checks" / "health" / path.name).write_bytes(path.read_bytes())
    began = time.monotonic()
    result = project.run()
    assert time.monotonic() - began < 20
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "H1  P0  dilanggar / violated*",
            "*violated: api answers*",
            "      http://127.0.0.1:9 gave no answer within 1 s",
            "*no connection to the database (database.dsn): connection failed:",
            "*127.0.0.1*Connection refused*",
        ]
    )
    assert "***" not in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
