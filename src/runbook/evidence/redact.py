"""Nothing secret is written: neither a known secret, in the usual encodings, nor what looks like one."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

MARK = "***"
SHORTEST = 6
"""Shorter secrets are not searched for: they would blank out ordinary text."""

_PATTERNS = (
    (re.compile(r"eyJ[\w-]{5,}(\.[\w-]*)+"), MARK),  # a JSON Web Token
    (re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{6,}"), rf"\1 {MARK}"),
    (re.compile(r"\b((?i:basic))\s+(?=[a-z]*[A-Z0-9+/=])[\w+/=-]{6,}"), rf"\1 {MARK}"),  # not "basic endpoint"
    (re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*://)[^\s/@]+@"), rf"\1{MARK}@"),  # who signs in, in a URL
    (
        re.compile(
            r"(?i)(password|passwd|pwd|secret|token|apikey|api_key)([\"']?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;&'\"]+)"
        ),
        rf"\1\2{MARK}",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MARK),
    # An e-mail address; not the host that stands behind a mark. The look-behinds keep a long text linear.
    (re.compile(r"(?<![\w.+-])[\w.+-]*[^\s@](?<!\*\*\*)@[\w-]+(\.[\w-]+)+"), MARK),
)
_CERTAIN = re.compile(
    rb"eyJ[\w-]{5,}\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----|postgres(?:ql)?://[^\s/@*]+:[^\s/@*]+@"
)
"""What is a secret in whatever file it stands, also where nobody would call it one."""
_SUSPICIOUS = re.compile(r"eyJ|://|@|BEGIN|(?i:bearer|basic|password|passwd|pwd|secret|token|apikey|api_key)")
"""What each of the patterns has in it: most texts have none of it, and need not be searched for all of them."""


class Redactor:
    """Takes secrets out of text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._by_length: list[str] | None = None
        self._needles: list[bytes] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Know one more secret, in all its encodings."""
        if len(secret) < SHORTEST:
            return
        self._known.update(_spellings(secret))
        self._by_length = self._needles = None

    def finds(self, data: bytes) -> bool:
        """Whether the bytes of a file hold a known secret in any spelling, or what can only be a secret."""
        if self._needles is None:
            shortest_first = sorted((known.encode("utf-8", "surrogateescape") for known in self._known), key=len)
            self._needles = []
            for spelling in shortest_first:
                if not any(needle in spelling for needle in self._needles):
                    self._needles.append(spelling)
        return any(needle in data for needle in self._needles) or _CERTAIN.search(data) is not None

    def text(self, value: str) -> str:
        """The text without secrets."""
        # One by one: a pattern of them all would be compiled anew for each secret that a run learns.
        if self._by_length is None:
            self._by_length = sorted(self._known, key=len)
        for known in reversed(self._by_length[: bisect_right(self._by_length, len(value), key=len)]):
            if known in value:
                value = value.replace(known, MARK)
        if _SUSPICIOUS.search(value):
            for pattern, replacement in _PATTERNS:
                value = pattern.sub(replacement, value)
        return value

    def value(self, value: object) -> object:
        """The same for every text in a JSON-like value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, in URLs, HTML, JSON and Python, and in hex and Base64, also as a part of something longer."""
    raw = secret.encode("utf-8", "surrogateescape")
    yield secret
    for quoted in (quote(raw), quote(raw, safe=""), quote_plus(raw)):
        yield quoted
        yield re.sub("%..", lambda found: found[0].lower(), quoted)
    in_python = (repr(secret), ascii(secret), repr(raw)[1:])
    for escaped in (json.dumps(secret), json.dumps(secret, ensure_ascii=False), *in_python):
        yield escaped[1:-1]
        yield escaped[1:-1].replace("/", "\\/")
    yield from (escape(secret), escape(secret, quote=False))
    yield from (raw.hex(), raw.hex().upper())
    for before in range(3):
        # Six bits a character: the first and the last one may hold bits of what stands around the secret.
        encoded = b64encode(b"\0" * before + raw).decode()
        for whole in (encoded, encoded.rstrip("="), encoded[: (before + len(raw)) * 8 // 6]):
            inner = whole[-(-before * 8 // 6) :]
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
