"""Timestamps of seals, by a real time-stamping authority: OpenSSL's, behind a web server of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runbook.cli import main
from runbook.errors import EvidenceError
from runbook.evidence import keys
from runbook.evidence.record import RunRecord
from runbook.evidence.redact import Redactor
from runbook.evidence.seal import STAMP, seal
from runbook.evidence.timestamp import stamp, stamped
from runbook.settings_gate import Timestamp

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="OpenSSL is the time-stamping authority of these tests")
CONFIGURATION = """
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
signer_key = {folder}/authority.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


class Authority:
    """What it is reached at, the certificate that vouches for it, and an answer to be given in place of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root.pem"
        self.answer: tuple[int, bytes] | None = None
        self.url = ""
        root, own = (generate_private_key(65537, 2048) for _ in range(2))
        self.root.write_bytes(_certificate("root", root, root))
        (folder / "authority.pem").write_bytes(_certificate("authority", own, root))
        pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "authority.key").write_bytes(pem)
        (folder / "authority.cnf").write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")

    def reply(self, query: bytes) -> bytes:
        """OpenSSL's answer to a query."""
        (self.folder / "query").write_bytes(query)
        command = [str(OPENSSL), "ts", "-reply", "-config", str(self.folder / "authority.cnf"), "-queryfile"]
        ran = subprocess.run([*command, str(self.folder / "query")], capture_output=True, check=True, timeout=30)
        return ran.stdout


def _certificate(name: str, key: RSAPrivateKey, signer: RSAPrivateKey) -> bytes:
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, "root"))
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name == "root", path_length=None), critical=True)
    )
    if name != "root":
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority"))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            status, body = made.answer or (200, made.reply(query))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """The folder of a run that is sealed, in one of reports."""
    keys.new(tmp_path / "key.pem")
    folder = tmp_path / "reports" / "20260131T093000Z-mine-1"
    RunRecord(folder, Redactor()).close()
    seal(folder, keys.signer(tmp_path / "key.pem"), Redactor())
    return folder


def verify(folder: Path, *more: str | Path) -> Result:
    key = folder.parents[1] / "key.pem"
    return CliRunner().invoke(main, ["evidence", "verify", str(folder.parent), "--key", str(key), *map(str, more)])


def test_a_seal_is_stamped_and_its_time_is_vouched_for(sealed: Path, authority: Authority) -> None:
    at = stamp(sealed, Timestamp(url=authority.url))
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert stamped(sealed, authority.root) == at
    result = verify(sealed, "--authority", authority.root)
    assert (result.exit_code, f"there at the latest {at:%Y-%m-%d %H:%M:%S} UTC" in result.output) == (0, True)
    assert verify(sealed).exit_code == 0


def test_openssl_verifies_it_too(sealed: Path, authority: Authority) -> None:
    stamp(sealed, Timestamp(url=authority.url))
    command = [str(OPENSSL), "ts", "-verify", "-data", sealed / "seal.json", "-in", sealed / STAMP]
    command += ["-CAfile", authority.root]
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, "Verification: OK" in ran.stdout + ran.stderr) == (0, True)


def test_a_timestamp_that_is_asked_for_must_be_there(sealed: Path, authority: Authority) -> None:
    result = verify(sealed, "--authority", authority.root)
    assert (result.exit_code, "has no timestamp" in result.output) == (1, True)


def test_a_timestamp_of_another_seal_does_not_count(sealed: Path, authority: Authority) -> None:
    (sealed / STAMP).write_bytes(b"")
    original = (sealed / "seal.json").read_bytes()
    (sealed / "seal.json").write_bytes(b"another")
    stamp(sealed, Timestamp(url=authority.url))
    (sealed / "seal.json").write_bytes(original)
    result = verify(sealed, "--authority", authority.root)
    assert (result.exit_code, "not on the seal that stands there" in result.output) == (1, True)


def test_another_authority_does_not_count(sealed: Path, authority: Authority, tmp_path: Path) -> None:
    stamp(sealed, Timestamp(url=authority.url))
    (tmp_path / "other").mkdir()
    with pytest.raises(EvidenceError, match="is not this authority's"):
        stamped(sealed, Authority(tmp_path / "other").root)


@pytest.mark.parametrize("place", [0, 40, 400, -1])
def test_a_changed_timestamp_does_not_count(sealed: Path, authority: Authority, place: int) -> None:
    stamp(sealed, Timestamp(url=authority.url))
    token = bytearray((sealed / STAMP).read_bytes())
    token[place] ^= 0xFF
    (sealed / STAMP).write_bytes(token)
    with pytest.raises(EvidenceError):
        stamped(sealed, authority.root)


ANSWERS = {
    "an error": (500, b""),
    "no timestamp": (200, b"<html>"),
    "nothing": (200, b""),
    "an answer to another question": None,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_is_no_answer_leaves_no_timestamp(
    sealed: Path, authority: Authority, answer: tuple[int, bytes] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if answer is None:
        stamp(sealed, Timestamp(url=authority.url))
        answer = (200, (sealed / STAMP).read_bytes())
        (sealed / STAMP).unlink()
    monkeypatch.setattr(authority, "answer", answer)
    with pytest.raises(EvidenceError, match="no timestamp"):
        stamp(sealed, Timestamp(url=authority.url))
    assert not (sealed / STAMP).exists()


def test_an_authority_that_is_not_there_is_told(sealed: Path) -> None:
    with pytest.raises(EvidenceError, match=r"no timestamp: http://127\.0\.0\.1:9 gave none \(ConnectError\)"):
        stamp(sealed, Timestamp(url="http://127.0.0.1:9"))


def test_a_root_that_is_no_certificate_is_told(sealed: Path) -> None:
    with pytest.raises(EvidenceError, match="holds no certificate in PEM"):
        stamped(sealed, sealed / "run.jsonl")
