"""A run is sealed whole, by a key that is its owner's alone, and never with a secret in it."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from runbook.cli import main
from runbook.errors import EvidenceError
from runbook.evidence import keys, ledger
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import SEAL, seal
from tests.evidence.test_tampering import write_run

HIDDEN = 'pässwörd "with" everything/in+it='
SPELLINGS = {
    "plain": HIDDEN.encode(),
    "URL": quote(HIDDEN, safe="").encode(),
    "JSON": json.dumps(HIDDEN).encode(),
    "JSON in UTF-8": json.dumps(HIDDEN, ensure_ascii=False).encode(),
    "Base64": base64.b64encode(HIDDEN.encode()),
    "Base64 of a header": base64.b64encode(b"user:" + HIDDEN.encode()),
    "Base64 for URLs": base64.urlsafe_b64encode(b"u:" + HIDDEN.encode()),
}
CERTAIN = {
    "a token": b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "a private key": b"-----BEGIN PRIVATE KEY-----\nMC4CAQ",
    "a connection string": b"postgresql://postgres:hunter22@db.example:5432/postgres",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_run(tmp_path / "reports" / "20260131T093000Z-mine-1")
    return tmp_path / "reports" / "20260131T093000Z-mine-1"


@pytest.mark.parametrize("spelling", (SPELLINGS | CERTAIN).values(), ids=SPELLINGS | CERTAIN)
@pytest.mark.parametrize("name", ["junit.xml", "screenshots/page.png", "allure/more-result.json"])
def test_a_secret_in_any_file_stops_the_sealing(folder: Path, spelling: bytes, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"\x00before " + spelling + b" after\xff")
    with pytest.raises(EvidenceError, match=rf"^not sealed: a secret stands in {name};"):
        seal(folder, CryptoSigner.generate_ed25519(), Redactor([HIDDEN]))
    assert not (folder / SEAL).exists()
    assert not (folder.parent / ledger.LEDGER).exists()


def test_a_secret_in_a_name_stops_it_and_is_not_told(folder: Path) -> None:
    (folder / "hunter22-page.png").write_bytes(b"")
    with pytest.raises(EvidenceError, match=r"a secret stands in \*\*\*-page.png;"):
        seal(folder, CryptoSigner.generate_ed25519(), Redactor(["hunter22"]))


def test_what_is_no_file_stops_it(folder: Path) -> None:
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match="neither a file nor a folder"):
        seal(folder, CryptoSigner.generate_ed25519(), Redactor())


def test_a_run_is_sealed_once(folder: Path) -> None:
    seal(folder, CryptoSigner.generate_ed25519(), Redactor())
    with pytest.raises(FileExistsError):
        seal(folder, CryptoSigner.generate_ed25519(), Redactor())


def test_a_damaged_ledger_takes_nothing_more(folder: Path) -> None:
    (folder.parent / ledger.LEDGER).write_text("not a line\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match="line 1: is not a line of a record; nothing is added"):
        seal(folder, CryptoSigner.generate_ed25519(), Redactor())
    assert not (folder / SEAL).exists()


def test_others_verify_it(folder: Path) -> None:
    """The envelope by its library from the public key alone, and the signature by OpenSSL over the bytes of DSSE."""
    signer = CryptoSigner.generate_ed25519()
    seal(folder, signer, Redactor())
    document = json.loads((folder / SEAL).read_bytes())
    envelope = Envelope.from_dict(json.loads((folder / SEAL).read_bytes()))
    envelope.verify([signer.public_key], 1)
    statement = json.loads(envelope.payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert {subject["name"] for subject in statement["subject"]} == {"run.jsonl", "junit.xml", "screenshots/page.png"}
    payload, type_ = base64.b64decode(document["payload"]), document["payloadType"].encode()
    home = folder.parent
    (home / "signed").write_bytes(b"DSSEv1 %d %b %d %b" % (len(type_), type_, len(payload), payload))
    (home / "sig").write_bytes(base64.b64decode(document["signatures"][0]["sig"]))
    der = bytes.fromhex("302a300506032b6570032100" + keys.material(signer.public_key))
    (home / "key.der").write_bytes(der)
    how = ["-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "signed", "-sigfile", "sig"]
    command = ["openssl", "pkeyutl", "-verify", *how]
    ran = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in ran.stdout, ran.stderr


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "key.pem"
    public = keys.new(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.material(keys.signer(path).public_key) == public
    assert keys.material(keys.public(public)) == public
    with pytest.raises(EvidenceError, match="is there already"):
        keys.new(path)
    path.chmod(0o640)
    with pytest.raises(EvidenceError, match="can be read by others"):
        keys.signer(path)


UNUSABLE = {
    "empty": b"",
    "no PEM": b"hello",
    "a public key": b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----",
}


@pytest.mark.parametrize("data", UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_is_no_key_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(EvidenceError, match="holds no private key"):
        keys.signer(path)


def test_the_commands_make_a_key_and_trust_whom_they_are_told(folder: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    made = runner.invoke(main, ["keys", "new", "--out", str(tmp_path / "key.pem")])
    public = made.stdout.splitlines()[-1].partition('"')[2].rstrip('"')
    seal(folder, keys.signer(tmp_path / "key.pem"), Redactor())
    unknown = runner.invoke(main, ["evidence", "verify", str(folder.parent)], env={"RUNBOOK_KEY": ""})
    assert (unknown.exit_code, public in unknown.stdout) == (1, True)
    trust = tmp_path / "trusted"
    trust.write_text(f"# auditors\n{public} Ayu Lestari\n", encoding="utf-8")
    for arguments, by in ((["--trust", str(trust)], "Ayu Lestari"), (["--key", str(tmp_path / "key.pem")], "you")):
        known = runner.invoke(main, ["evidence", "verify", str(folder.parent), *arguments], env={"RUNBOOK_KEY": ""})
        assert known.exit_code == 0
        assert f"sealed by {by}" in known.stdout
    trust.write_text("nothing", encoding="utf-8")
    wrong = runner.invoke(main, ["evidence", "verify", str(folder.parent), "--trust", str(trust)])
    assert wrong.exit_code == 2
    assert "trusted, line 1: a public key is 64 hexadecimal digits" in wrong.stderr
