"""The logs that a run keeps of the system that it started: their end, without secrets, rows or what is no log."""

from __future__ import annotations

from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from runbook.evidence import keys
from runbook.evidence.logs import LEFT_OUT, MOST_BYTES, keep
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import seal
from runbook.evidence.verify import verify_run
from tests.evidence.canaries import DATA, SECRETS, SPELLINGS, found
from tests.evidence.test_tampering import write_run

ROW = DATA["a row"]
PREFIX = "2026-01-31 09:30:00.000 UTC [42] 22P02 postgres@postgres/runbook "


class Logs:
    """A system's folder of logs, and that of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "system"
        self.run = folder / "run"
        self.folder.mkdir()

    def kept(self, data: str | bytes, *secrets: str) -> bytes:
        """What is kept of a log."""
        (self.folder / "db.log").write_bytes(data.encode() if isinstance(data, str) else data)
        keep(self.folder, self.run, Redactor(secrets))
        return (self.run / "logs" / "db.log").read_bytes()


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


def test_an_ordinary_log_is_kept_as_it_is(logs: Logs) -> None:
    said = f"{PREFIX}LOG:  database system is ready to accept connections\n\tindented\nno end of a line"
    assert logs.kept(said) == said.encode()


def test_where_there_is_no_log_nothing_is_made(logs: Logs) -> None:
    (logs.folder / "processes.json").write_text("{}", encoding="utf-8")
    keep(logs.folder, logs.run, Redactor())
    keep(logs.folder / "none", logs.run, Redactor())
    assert not logs.run.exists()


def test_a_link_is_not_followed(logs: Logs, tmp_path: Path) -> None:
    """Who may write there could have any file of this machine sealed and handed over."""
    (tmp_path / "private").write_text("private", encoding="utf-8")
    (logs.folder / "a.log").symlink_to(tmp_path / "private")
    (logs.folder / "a-folder.log").mkdir()
    assert logs.kept("said") == b"said"
    assert [log.name for log in (logs.run / "logs").iterdir()] == ["db.log"]


@pytest.mark.parametrize("over", [1, 10_000])
def test_of_a_long_log_the_end_is_kept_from_the_beginning_of_a_line_on(logs: Logs, over: int) -> None:
    lines = [b"%09d" % number for number in range(MOST_BYTES // 10)]
    whole = b"\n".join((b"x" * (MOST_BYTES % 10), *lines))
    assert logs.kept(whole) == whole
    notice, *kept = logs.kept(b"x" * over + whole).splitlines()
    assert notice + b"\n" == LEFT_OUT
    assert kept == lines[-len(kept) :]
    assert MOST_BYTES - 20 <= len(b"\n".join(kept)) <= MOST_BYTES


def test_of_a_statement_that_was_cut_nothing_is_kept(logs: Logs) -> None:
    rest = b"\n".join(b"\tvalues ('%s')," % ROW.encode() for _ in range(MOST_BYTES // 20))
    assert logs.kept(b"STATEMENT:  insert\n" + rest + b"\n2026 LOG:  ready\n") == LEFT_OUT + b"2026 LOG:  ready\n"


def test_a_line_without_an_end_that_is_too_long_is_left_out(logs: Logs) -> None:
    assert logs.kept("x" * (MOST_BYTES + 1)) == LEFT_OUT


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f'ERROR:  duplicate key value violates unique constraint "u"\n{PREFIX}DETAIL:  Key (a)=({ROW}) exists.', None),
        (f"DETAIL:  Failing row contains ({ROW}\n\t{ROW}\n\t{ROW}).", "DETAIL: ***"),
        (f"STATEMENT:  select\n\t'{ROW}'", "STATEMENT: ***"),
        (f"CONTEXT:  COPY people, line 1: {ROW}", "CONTEXT: ***"),
        (f"QUERY:  select '{ROW}'", "QUERY: ***"),
        (f"HINT:  Perhaps {ROW}", "HINT: ***"),
        (f"LOG:  statement: select '{ROW}'", "LOG:  statement: ***"),
        (f"LOG:  duration: 3 ms  parse s: select '{ROW}'\n\t{ROW}", "LOG:  duration: 3 ms  parse s: ***"),
        (f"LOG:  execute fetch from s/p: select '{ROW}'", "LOG:  execute fetch from s/p: ***"),
        (f'ERROR:  invalid input syntax for type uuid: "{ROW}"', 'ERROR:  invalid input syntax for type uuid: "***"'),
        (f'ERROR:  malformed array literal: "a"{ROW}"\n\t{ROW}"', 'ERROR:  malformed array literal: "***"'),
        (f'ERROR:  value "{ROW}" is out of range', 'ERROR:  value "***" is out of range'),
        ('ERROR:  new row violates row-level security policy for table "events"', None),
        ('FATAL:  password authentication failed for user "postgres"', None),
        ('ERROR:  null value in column "a" of relation "b" violates not-null constraint', None),
        ('LOG:  parameter "x" changed to "y"', 'LOG:  parameter "***"'),
    ],
)
def test_no_row_stands_in_what_postgresql_said(said: str, kept: str | None, logs: Logs) -> None:
    told = logs.kept(f"{PREFIX}{said}\n{PREFIX}LOG:  ready\n").decode()
    assert ROW not in told
    assert told.endswith(f"\n{PREFIX}LOG:  ready\n")
    if kept is not None:
        assert told == f"{PREFIX}{kept}\n{PREFIX}LOG:  ready\n"
    else:
        assert told.startswith(f"{PREFIX}{said.partition(chr(10))[0]}\n")


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_stands_in_any_spelling(name: str, spelling: str, logs: Logs) -> None:
    kept = logs.kept(f"before\nkey: {SPELLINGS[spelling](SECRETS[name])}\nafter\n", *SECRETS.values())
    assert found(kept) == []
    assert kept.startswith(b"before\nkey: ")
    assert kept.endswith(b"\nafter\n")


def test_a_line_in_which_a_secret_is_still_found_is_left_out(logs: Logs) -> None:
    """What can only be one, and is not taken out: as the seal would refuse it."""
    said = "before\n1postgres://somebody:something@host\nafter\n"
    assert Redactor().finds(Redactor().text(said).encode())
    assert logs.kept(said) == b"before\nafter\n"


def test_what_is_no_text_is_kept_and_searched_too(logs: Logs) -> None:
    raw = b"caf\xe9-canary"
    assert logs.kept(b"\xff\x00 said " + raw + b"\n", raw.decode("utf-8", "surrogateescape")) == b"\xff\x00 said ***\n"


@pytest.mark.parametrize("changed", ["altered", "taken away", "added"])
def test_the_seal_is_of_the_logs_too(changed: str, logs: Logs) -> None:
    signer = CryptoSigner.generate_ed25519()
    write_run(logs.run)
    logs.kept("said\n")
    seal(logs.run, signer, Redactor())
    log = logs.run / "logs" / "db.log"
    if changed == "altered":
        log.write_bytes(b"sald\n")
    elif changed == "taken away":
        log.unlink()
    else:
        log.with_name("other.log").touch()
    faults = [*verify_run(logs.run, {keys.material(signer.public_key): "us"}, None)]
    assert len(faults) == 1
    assert "logs/" in str(faults[0])
