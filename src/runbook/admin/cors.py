"""The CORS protocol as the Fetch standard makes it (https://fetch.spec.whatwg.org/#http-cors-protocol).

A browser sends a preflight where a request is not simple, and reads the answer by the rules that stand here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from runbook.api.client import Answer, Client

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
"""Allowed by every preflight that allows the origin (CORS-safelisted method)."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What may stand in a list of methods or names (RFC 9110, 5.6.2); a list with anything else in it allows nothing."""

NOT_COVERED_BY_WILDCARD = "authorization"
"""`Access-Control-Allow-Headers: *` does not cover it (CORS non-wildcard request-header name)."""


def preflight(client: Client, path: str, origin: str, method: str, headers: Sequence[str] = ()) -> Answer:
    """Ask as a browser asks before it sends the real request."""
    names = [("access-control-request-headers", ",".join(sorted(name.lower() for name in headers)))] if headers else []
    return client.send("OPTIONS", path, headers=[("origin", origin), ("access-control-request-method", method), *names])


def origin_allowed(answer: Answer, origin: str) -> bool:
    """The CORS check on any answer, for requests without credentials."""
    return answer.headers.get("access-control-allow-origin") in (origin, "*")


def preflight_allows(answer: Answer, origin: str, method: str, headers: Sequence[str] = ()) -> bool:
    """Whether a browser goes on to send the real request."""
    methods = _listed(answer, "access-control-allow-methods", lower=False)
    allowed = _listed(answer, "access-control-allow-headers", lower=True)
    return (
        answer.ok
        and origin_allowed(answer, origin)
        and all(TOKEN.fullmatch(item) for item in methods | allowed)
        and (method in methods or method in SAFELISTED_METHODS or "*" in methods)
        and all(_header_allowed(name.lower(), allowed) for name in headers)
    )


def any_origin_with_credentials(answer: Answer) -> bool:
    """The combination that must not be: every origin allowed, and credentials too."""
    return (
        answer.headers.get("access-control-allow-origin") == "*"
        and answer.headers.get("access-control-allow-credentials") == "true"
    )


def foreign_origins(origin: str) -> dict[str, str]:
    """Origins that are not the given one, each close to it in one way, by what is close."""
    parts = urlsplit(origin)
    port = f":{parts.port}" if parts.port else ""
    other_scheme = "http" if parts.scheme == "https" else "https"
    other_port = f":{(parts.port or 443) + 1 if (parts.port or 443) < 65535 else 1024}"
    return {
        "another site": "https://another-site.example",
        "null": "null",
        "look-alike that begins with it": f"{parts.scheme}://{parts.hostname}.another-site.example{port}",
        "look-alike that ends with it": f"{parts.scheme}://another-{parts.hostname}{port}",
        "subdomain": f"{parts.scheme}://another-site.{parts.hostname}{port}",
        "the other scheme": f"{other_scheme}://{parts.netloc}",
        "another port": f"{parts.scheme}://{parts.hostname}{other_port}",
        "upper case": origin.upper(),
        "trailing slash": f"{origin}/",
    }


FOREIGN_ORIGINS = tuple(foreign_origins("https://admin.example"))
"""The kinds of foreign origin."""


def _listed(answer: Answer, name: str, *, lower: bool) -> set[str]:
    value = answer.headers.get(name, "")
    return {item.strip().lower() if lower else item.strip() for item in value.split(",") if item.strip()}


def _header_allowed(name: str, allowed: set[str]) -> bool:
    return name in allowed or ("*" in allowed and name != NOT_COVERED_BY_WILDCARD)
