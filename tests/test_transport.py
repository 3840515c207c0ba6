"""The certificate's expiry, on real TLS connections."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer, SimpleHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runbook.api.transport import days_until_expiry
from runbook.errors import Unreachable

LIMIT = 5


def certificate(folder: Path, days: float, address: str = "127.0.0.1") -> Path:
    """A key and a self-signed certificate for an address, in one PEM file; it ends in `days`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server of these tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / f"{days}-{address}.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(pem))
    return path


@contextmanager
def served(pem: Path) -> Iterator[str]:
    """An https address that shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def days_left(monkeypatch: pytest.MonkeyPatch, pem: Path, trusted: Path | None) -> float | None:
    if trusted is not None:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with served(pem) as url:
        return days_until_expiry(url, LIMIT)


@pytest.mark.parametrize("days", [2, 90])
def test_days_left_of_a_trusted_certificate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: int) -> None:
    pem = certificate(tmp_path, days)
    assert days_left(monkeypatch, pem, pem) == pytest.approx(days, abs=0.1)


def test_expired_has_none_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pem = certificate(tmp_path, -1)
    assert days_left(monkeypatch, pem, pem) == 0


def test_untrusted_has_none_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert days_left(monkeypatch, certificate(tmp_path, 90), None) == 0


def test_for_another_host_has_none_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pem = certificate(tmp_path, 90, address="127.0.0.9")
    assert days_left(monkeypatch, pem, pem) == 0


def test_plain_http_has_no_certificate() -> None:
    assert days_until_expiry("http://127.0.0.1:9", LIMIT) is None


def test_silence_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        days_until_expiry("https://127.0.0.1:9", LIMIT)
