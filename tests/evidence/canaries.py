"""Canaries: values that may stand in no file and on no terminal, how each may be spelled, and the search for them."""

from __future__ import annotations

import html
import json
import re
import zipfile
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, quote_plus

SECRETS = {
    "the anonymous key": "anon-canary-7Qm2vXk9",
    "the signing secret": 'sign/canary+3Zp8"\\é&<w>',
    "the password": "pass'canary?5Rt=%1~~>>",
    "the password of the DSN": "dsn:canary/8Wq@4+??",
    "the token of a persona": "token-canary-6Lc1nBz3",
    "the address of a person": "canary.person+7yb@mine.example",
}
"""What the settings hold."""
GIVEN = "granted-canary-9Js4mPf2"
"""The token that the server gives when a persona signs in."""
DATA = {
    "a row": "ROW-canary-4Hn6dKu8",
    "a body": "BODY-canary-2Gx5tEo7",
    "a header": "HEADER-canary-1Mv3yAi6",
    "a page": "PAGE-canary-8Br2wSq5",
    "the environment": "ENVIRONMENT-canary-5Fd7hJl1",
}
"""What no settings hold, and nobody can be told to look for: it may not be written for what it is."""
CANARIES = {**SECRETS, "a token that was given": GIVEN, **DATA}


def _within(before: int, encode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    """The Base64 of something longer, of which the secret begins at a byte that many after a multiple of three."""
    return lambda secret: encode(b"abc"[:before] + secret.encode() + b"xyz").decode()


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "URL": quote,
    "URL, wholly": lambda secret: quote(secret, safe=""),
    "URL, query": quote_plus,
    "URL, lower case": lambda secret: re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON with its letters": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON, slash escaped": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "Python": lambda secret: ascii(secret)[1:-1],
    "Python, bytes": lambda secret: repr(secret.encode())[2:-1],
    "HTML": html.escape,
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    **{f"Base64, {before} before": _within(before, b64encode) for before in range(3)},
    **{f"Base64 for URLs, {before} before": _within(before, urlsafe_b64encode) for before in range(3)},
}
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")


def found(data: bytes, canaries: Mapping[str, str] = CANARIES) -> list[str]:
    """The names of the canaries that stand in the bytes of a file, in any of the spellings."""
    text = "\n".join(_readings(data.decode("utf-8", "replace")))
    return [name for name, canary in canaries.items() if any(form in text for form in _forms(canary))]


def _forms(canary: str) -> Iterator[str]:
    """The spellings to look for; Base64 is read instead."""
    yield from {spell(canary) for name, spell in SPELLINGS.items() if not name.startswith("Base64")}


def _readings(text: str) -> Iterator[str]:
    """The text as it is, without the escapes of HTML, and without those of JSON once and twice (JSON may stand in
    JSON); and all that is Base64 in it, read from each of the four places where it may begin."""
    yield from (text, html.unescape(text))
    once = ESCAPE.sub(_unescaped, html.unescape(text))
    yield from (once, ESCAPE.sub(_unescaped, once))
    runs = BASE64.findall(text.replace("\\/", "/").replace("-", "+").replace("_", "/"))
    for part in {run[start:] for run in runs for start in range(4)}:
        yield b64decode(part + "A" * (-len(part) % 4)).decode("utf-8", "replace")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else {"n": "\n", "t": "\t"}.get(escape[3], escape[3])


def files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, those in archives too, with its name as a part of what it holds."""
    for path in sorted(place.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield str(path.relative_to(place)), str(path.name).encode() + b"\n" + data
            if zipfile.is_zipfile(BytesIO(data)):
                with zipfile.ZipFile(BytesIO(data)) as archive:
                    for name in archive.namelist():
                        yield f"{path.name}/{name}", name.encode() + b"\n" + archive.read(name)
