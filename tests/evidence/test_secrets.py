"""No canary stands in what a run leaves, exports or shows: no secret of the settings in any spelling, and no data."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from securesystemslib.signer import CryptoSigner

from runbook.errors import EvidenceError
from runbook.evidence.formats import FORMATS
from runbook.evidence.redact import Redactor
from runbook.evidence.run import read
from runbook.evidence.seal import SEAL, seal
from stack.postgres import ADMIN, Server
from tests.evidence.canaries import CANARIES, DATA, GIVEN, SECRETS, SPELLINGS, files, found
from tests.evidence.leaks import BROKEN, LEAKING, PAGE
from tests.gate.conftest import HELD, Gate
from tests.rls_targets import serving
from tests.servers import Reply, closed_port
from tests.servers import Server as Web

HEADERS = {
    "content-type": "application/json",
    "authorization": f"Bearer {DATA['a header']}",
    "set-cookie": f"session={DATA['a header']}",
    "apikey": DATA["a header"],
    "location": f"/{DATA['a header']}",
    "x-request-id": SECRETS["the anonymous key"],
}
LEAKS = {f"checks/health/test_it.py::{name}" for name in re.findall(r"(?m)^def (test_\w+)", LEAKING)}
REASONS = {
    "test_failing_row": "NotNullViolation",
    "test_value_in_an_sql_error": r"InvalidTextRepresentation \(SQLSTATE 22P02\)",
    "test_sql_error_as_it_is": r"InvalidTextRepresentation in \w+\.py, line",
    "test_rows": r"^assert database\.read\(",
    "test_answer": r"^Answer\(status=200",
    "test_page": r"^Visit\(loaded=True.*page_errors=[1-9].*console_errors=[1-9]",
    "test_page_requests": r"GET 127\.0\.0\.1:\d+/\*\*\*",
    "test_not_a_connection_string": "ProgrammingError",
}
"""What the checks were told by the server, the browser and the driver: so there was something to leak."""
SECONDS = 60
STARTING = """
import pathlib, shutil, sys
logs = pathlib.Path(sys.argv[2]) / "logs"
logs.mkdir(parents=True)
shutil.copy("said.log", logs / "system.log")
print("{}", flush=True)
sys.stdin.read()
"""
"""A system that is started, and logs whatever it is given."""
ROWS = ("DETAIL:  Key ({})", "STATEMENT:  select '{}'\n\t, '{}'", 'ERROR:  invalid input syntax for type uuid: "{}"')


@dataclass(frozen=True)
class Ran:
    """A project whose leaking checks have run, with what was shown while it ran and was exported."""

    gate: Gate
    run: Path
    archive: Path
    shown: str
    canaries: dict[str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("secrets") as started:
        yield started


@pytest.fixture(scope="module")
def ran(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One run of checks that leak wherever they can, sealed, shown as a page, and exported in every format."""
    secret = SECRETS["the password of the DSN"]
    with psycopg.connect(server.dsn(ADMIN)) as connection:
        connection.execute(f"create role canary superuser login password '{secret}'".encode())
        connection.execute("create table public.canaries (value text not null, other text not null)")
        connection.execute("insert into public.canaries values (%s, '')", (DATA["a row"],))
    dsn = server.dsn("postgres").split("@", 1)[1]
    dsn = f"postgresql://canary:{quote(secret, safe='')}@{dsn}"
    folder = tmp_path_factory.mktemp("leaking")
    gate = Gate(folder, dsn, server.dsn(ADMIN))
    gate.check(HELD + LEAKING)
    gate.check(BROKEN, "test_broken.py")
    body = {"access_token": GIVEN, "data": [{"id": DATA["a body"]}], "error": {"code": DATA["a body"]}}
    page = PAGE.format(
        page=DATA["a page"],
        closed=f"http://127.0.0.1:{closed_port()}",
        secret=quote(SECRETS["the signing secret"], safe=""),
    )
    environment = {
        "RUNBOOK_ANON_KEY": SECRETS["the anonymous key"],
        "RUNBOOK_SIGNING_SECRET": SECRETS["the signing secret"],
        "RUNBOOK_PASSWORD": SECRETS["the password"],
        "RUNBOOK_TOKEN": SECRETS["the token of a persona"],
        "RUNBOOK_DSN": dsn,
        "RUNBOOK_KEY": str(gate.keys["runner"]),
        "SOMETHING_ELSE": DATA["the environment"],
    }
    spelled = [spell(secret) for spell in SPELLINGS.values() for secret in (dsn, GIVEN, *SECRETS.values())]
    said = ["its first words", *spelled, *(row.format(*[DATA["a row"]] * 2) for row in ROWS), "its last words\n"]
    (folder / "said.log").write_text("\n".join(said), encoding="utf-8")
    start = f"start = {{ command = {json.dumps(['{python}', '-S', '-c', STARTING])}, provides = 'T_' }}"
    with (
        Web(Reply(200, HEADERS, json.dumps(body).encode())) as api,
        Web(Reply(200, {"content-type": "text/html"}, page.encode())) as admin,
    ):
        gate.configure(
            **{
                'backend = "live"': f'backend = "embedded"\n{start}',
                'admin]\nurl = "http://127.0.0.1:9': f'admin]\nurl = "{admin.url}',
                'origin = "http://127.0.0.1:9': f'origin = "{admin.url}',
                "http://127.0.0.1:9": api.url,
                'email = "organizer@mine.example"': f'email = "{SECRETS["the address of a person"]}"\n'
                'token = { env = "RUNBOOK_TOKEN" }',
                "connect = 1\nrequest = 1\nretry = 1": "connect = 5\nrequest = 5\nretry = 5\nbrowser = 10",
            }
        )
        command = [sys.executable, "-m", "pytest", "checks/health", f"--target={gate.settings}"]
        command += ["--continue-on-collection-errors", "-vv", "-rA", "--showlocals", "--tb=long", "--durations=3"]
        command += ["-o", "junit_logging=all"]
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    shown = (done.stdout + done.stderr).decode()
    assert done.returncode == 1, shown
    run = gate.run.folder
    archive = folder / "exported" / "evidence.zip"
    archive.parent.mkdir()
    for arguments in (
        ("export", run, "--output", archive, "--target", gate.settings),
        ("page", run, "--target", gate.settings),
        ("verify", gate.reports, "--target", gate.settings),
    ):
        shown += gate.invoke("evidence", *arguments).output
    pem = [line for line in gate.keys["runner"].read_text(encoding="ascii").splitlines() if "-" not in line]
    canaries = {**CANARIES, "the DSN": dsn, "the key of the seal": "".join(pem)}
    return Ran(gate, run, archive, shown, canaries)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", CANARIES)
def test_the_search_finds_each_canary_in_each_spelling(name: str, spelling: str, tmp_path: Path) -> None:
    (tmp_path / "planted").write_text(f'{{"key": "{SPELLINGS[spelling](CANARIES[name])}"}}', encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "planted.zip", "w") as archive:
        archive.write(tmp_path / "planted", "packed")
    searched = {path: found(data) for path, data in files(tmp_path)}
    assert searched["planted"] == searched["planted.zip/packed"] == [name]


def test_every_check_that_leaks_has_run_and_had_what_it_leaks(ran: Ran) -> None:
    records = [record for check, record in read(ran.run).checks.items() if check.partition("[")[0] in LEAKS]
    assert {record.check.partition("[")[0] for record in records} == LEAKS
    assert {record.outcome for record in records} == {"violated", "unverified"}
    for name, reason in REASONS.items():
        [told] = [record.reason for record in records if record.check.endswith(f"::{name}")]
        assert re.search(reason, str(told)), (name, told)
    assert "RuntimeError in test_broken.py, line" in ran.shown
    assert "whole " in ran.shown, "the run is not sealed"


def test_no_canary_stands_in_any_file_or_is_shown(ran: Ran) -> None:
    searched = {f"reports/{path}": data for path, data in files(ran.gate.reports)}
    searched |= {f"evidence/{path}": data for path, data in files(ran.archive.parent)}
    views = {Path(path).name for path in searched if path.startswith("evidence/evidence.zip/views/")}
    assert views == {"page.html", *(written.file for written in FORMATS.values())}
    left = {"junit.xml", "run.jsonl", "seal.json", "admin-events.png", "system.log"}
    assert left <= {Path(path).name for path in searched}
    [log] = [data for path, data in searched.items() if path.startswith("evidence/") and path.endswith("system.log")]
    assert b"its first words" in log
    assert log.endswith(b"its last words\n")
    assert any(path.endswith("-result.json") for path in searched)
    # A terminal breaks long lines.
    searched |= {"the terminal": ran.shown.encode(), "its lines joined": re.sub(r"\n *", "", ran.shown).encode()}
    leaks = [(path, names) for path, data in searched.items() if (names := found(data, ran.canaries))]
    assert leaks == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", SECRETS)
def test_a_file_with_a_secret_in_any_spelling_is_not_sealed_nor_the_secret_told(
    name: str, spelling: str, tmp_path: Path
) -> None:
    spelled = SPELLINGS[spelling](SECRETS[name])
    run = tmp_path / "run"
    run.mkdir()
    (run / "planted.txt").write_text(f"key: {spelled}", encoding="utf-8")
    (run / f"named-{spelled.replace('/', ':')}.txt").touch()
    with pytest.raises(EvidenceError, match=r"^not sealed: a secret stands in .*planted\.txt") as refused:
        seal(run, CryptoSigner.generate_ed25519(), Redactor(SECRETS.values()))
    assert found(str(refused.value).encode()) == []
    assert not (run / SEAL).exists()


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="every name of a file is text there")
def test_what_is_no_text_is_searched_too(tmp_path: Path) -> None:
    """A name, and a secret of the environment."""
    raw = b"caf\xe9-canary"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / os.fsdecode(raw)).touch()
    with pytest.raises(EvidenceError, match=r"^not sealed: a secret stands in \*\*\*;"):
        seal(tmp_path / "run", CryptoSigner.generate_ed25519(), Redactor([os.fsdecode(raw)]))
