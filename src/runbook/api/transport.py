"""The encryption of the way to the API."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

from runbook.errors import Unreachable


def days_until_expiry(url: str, limit: float) -> float | None:
    """Days until the certificate behind an https address expires, 0 when it is not trusted; None for plain http.

    Raises Unreachable when nothing answers there within `limit` seconds.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return None
    host = parts.hostname or ""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, parts.port or 443), timeout=limit) as plain,
            context.wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            certificate = encrypted.getpeercert() or {}
    except ssl.SSLCertVerificationError:
        return 0
    except OSError as error:
        raise Unreachable(f"no TLS connection to {host} within {limit:g} s ({type(error).__name__})") from None
    return (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400
