"""No secret comes out of a redactor, whatever its encoding and whatever stands around it."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from runbook.database.connection import Database
from runbook.errors import Unreachable
from runbook.evidence.journal import Journal
from runbook.evidence.redact import MARK, SHORTEST, Redactor
from runbook.settings_file import load
from tests.documents import LIVE, VARIABLES

# A secret made of the mark's own characters could be put together by marks that stand side by side.
SECRETS = st.text(st.characters(exclude_characters=MARK, codec="utf-8"), min_size=SHORTEST, max_size=40)
AROUND = st.text(max_size=20)
quick = settings(max_examples=25, deadline=None)

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL's path": quote,
    "in a URL's path, wholly": lambda secret: quote(secret, safe=""),
    "in a query": quote_plus,
    "in a query, in lower case": lambda secret: re.sub("%..", lambda found: found[0].lower(), quote_plus(secret)),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
    "in JSON that keeps its letters": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "in JSON that escapes the slash": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "in Python": lambda secret: repr(secret)[1:-1],
    "in Python, ASCII": lambda secret: ascii(secret)[1:-1],
    "in Python, as bytes": lambda secret: repr(secret.encode())[2:-1],
    "in HTML": html.escape,
    "in hex": lambda secret: secret.encode().hex(),
    "in hex, in capitals": lambda secret: secret.encode().hex().upper(),
    "in Base64": lambda secret: b64encode(secret.encode()).decode(),
    "in Base64 without padding": lambda secret: b64encode(secret.encode()).decode().rstrip("="),
    "in Base64 for URLs": lambda secret: b64encode(secret.encode(), b"-_").decode(),
}


@pytest.mark.parametrize("encoded", ENCODINGS.values(), ids=ENCODINGS)
@quick
@given(SECRETS, AROUND, AROUND)
@example('p"ss\\w/rd é\n', "", "")
@example("p+ss w?rd", "?key=", "&x=1")
def test_a_known_secret_never_comes_out(encoded: Callable[[str], str], secret: str, before: str, after: str) -> None:
    out = Redactor([secret]).text(before + encoded(secret) + after)
    assert MARK in out
    assert secret not in out
    assert encoded(secret) not in out


@pytest.mark.parametrize("alphabet", [b"+/", b"-_"], ids=["Base64", "Base64 for URLs"])
@quick
@given(SECRETS, st.binary(max_size=8), st.binary(max_size=8))
@example("secret", b"user:", b"")
@example("secret", b"me", b"!")
def test_a_secret_never_comes_out_of_the_base64_of_something_longer(
    alphabet: bytes, secret: str, before: bytes, after: bytes
) -> None:
    raw = secret.encode()
    out = Redactor([secret]).text(b64encode(before + raw + after, alphabet).decode())
    assert [part for part in decoded(out) if raw in part] == []


def decoded(text: str) -> list[bytes]:
    """Whatever can be read as Base64 in a text, from each of the four places where it may begin."""
    runs = re.findall(r"[\w+/-]+", text.replace("-", "+").replace("_", "/"))
    starts = [run[start:] for run in runs for start in range(4)]
    return [b64decode(part + "A" * (-len(part) % 4)) for part in starts if part]


@quick
@given(texts=st.lists(SECRETS, min_size=2, max_size=4), around=AROUND)
def test_of_several_secrets_none_comes_out(texts: list[str], around: str) -> None:
    redactor = Redactor()
    for text in texts:
        redactor.add(text)
    out = redactor.text(around.join(texts))
    assert [text for text in texts if text in out] == []


def test_a_secret_within_a_longer_one_leaves_nothing_of_it() -> None:
    redactor = Redactor(["secret", "secret-and-more"])
    assert redactor.text("<secret-and-more> <secret>") == f"<{MARK}> <{MARK}>"


def test_what_is_too_short_to_search_for_does_not_blank_out_text() -> None:
    assert Redactor(["the", "", "table"]).text("the table") == "the table"


def test_a_secret_that_is_no_unicode_is_known_all_the_same() -> None:
    """What an environment variable holds that is not UTF-8 arrives in surrogates (PEP 383)."""
    secret = b"caf\xe9-secret".decode("utf-8", "surrogateescape")
    assert Redactor([secret]).text(f"<{secret}> <caf%E9-secret>") == f"<{MARK}> <{MARK}>"


# What nobody told the redactor about, and what gives itself away by its form.

BASE64_URL = st.from_regex(r"[A-Za-z0-9_-]{8,40}", fullmatch=True)


@quick
@given(
    claims=st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3),
    parts=st.sampled_from([1, 3]).flatmap(lambda count: st.lists(BASE64_URL, min_size=count, max_size=count)),
    before=AROUND,
)
@example(claims={"sub": "somebody"}, parts=[""], before="")
def test_a_token_never_comes_out(claims: dict[str, str], parts: list[str], before: str) -> None:
    """A JSON Web Token: signed (three parts), encrypted (five) or unsigned (the last part empty)."""
    header = b64encode(json.dumps({"alg": "HS256"}).encode(), b"-_").decode().rstrip("=")
    payload = b64encode(json.dumps(claims).encode(), b"-_").decode().rstrip("=")
    out = Redactor().text(f"{before} {header}.{payload}.{'.'.join(parts)}")
    assert [part for part in (header, payload, *parts) if part and part in out.removeprefix(before)] == []


@quick
@given(token=st.from_regex(r"[A-Za-z0-9._~+/-]{6,40}=?", fullmatch=True))
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_never_comes_out(scheme: str, token: str) -> None:
    assert Redactor().text(f"authorization: {scheme} {token}") == f"authorization: {scheme} {MARK}"


@quick
@given(user=st.text(max_size=10), password=st.text(min_size=4, max_size=20))
def test_basic_credentials_never_come_out(user: str, password: str) -> None:
    credentials = b64encode(f"{user}:{password}".encode()).decode()
    # Base64 without a single capital, digit or sign looks like a word: 26 of 64 characters, to the power of its length.
    assume(not credentials.islower() or not credentials.isalpha())
    assert Redactor().text(f"Authorization: Basic {credentials}") == f"Authorization: Basic {MARK}"


USERINFO = st.text(st.characters(exclude_characters="/@:", exclude_categories=["Cs", "Z", "Cc"]), max_size=20)


@quick
@given(scheme=st.sampled_from(["postgresql", "postgres", "https", "HTTPS"]), user=USERINFO, password=USERINFO)
@example(scheme="https", user="a-token-as-the-user", password="")
def test_who_signs_in_never_comes_out_of_an_address_and_the_host_does(scheme: str, user: str, password: str) -> None:
    userinfo = f"{user}:{password}" if password else user
    assume(userinfo)
    out = Redactor().text(f"cannot reach {scheme}://{userinfo}@db.example.com:5432/app")
    assert out == f"cannot reach {scheme}://{MARK}@db.example.com:5432/app"


@quick
@given(address=st.emails())
@example(address="o'brien+runbook@mail.example.co.id")
def test_an_address_of_a_person_never_comes_out(address: str) -> None:
    assume(not address.partition("@")[0].endswith(MARK))
    out = Redactor().text(f"signed in as {address}, in time")
    assert address not in out
    assert address.partition("@")[2] not in out
    assert out.endswith(f"{MARK}, in time")


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2x",
        "PASSWORD = hunter2x",
        "password: hunter2x",
        '{"password": "hunter2x y"}',
        "{'access_token': 'hunter2x'}",
        "password='hunter2x with spaces'",
        "PGPASSWORD=hunter2x psql",
        "/?access_token=hunter2x&page=2",
        "client_secret=hunter2x; path=/",
        "apikey: hunter2x",
    ],
)
def test_what_is_named_a_secret_never_comes_out(text: str) -> None:
    out = Redactor().text(text)
    assert "hunter2x" not in out
    assert "spaces" not in out
    assert MARK in out


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
@pytest.mark.parametrize("end", ["\n-----END {kind}-----\nafter", ""], ids=["whole", "cut off"])
def test_a_private_key_never_comes_out(kind: str, end: str) -> None:
    out = Redactor().text(f"before\n-----BEGIN {kind}-----\nMHcCAQEEIIGl\nbm90IGEga2V5{end.format(kind=kind)}")
    assert out == "before\n" + MARK + ("\nafter" if end else "")


@pytest.mark.parametrize(
    "text",
    [
        "the basic endpoint answered 500",
        "needs the API's public key; name it as auth.public_key",
        "checks/health/test_event_context.py::test_guard[GET /events/current-two headers, own first]",
        "https://api.example.com:8443/events?page=2",
        "2026-11-23T08:13:35.123+00:00",
        "11111111-1111-4111-8111-111111111111",
        "public.events holds no event that the persona does not belong to",
        "a bearer of good news, and a basic truth",
        "organizer@ is not an address, neither is @organizer",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Redactor(["a-secret-of-the-settings"]).text(text) == text


def test_every_text_in_a_value_is_redacted_and_the_rest_is_kept() -> None:
    value = {
        "a-secret": ["a-secret", ("x a-secret", 1)],
        "n": 1.5,
        "b": True,
        "none": None,
        "deep": [{"k": "a-secret"}],
    }
    assert Redactor(["a-secret"]).value(value) == {
        MARK: [MARK, [f"x {MARK}", 1]],
        "n": 1.5,
        "b": True,
        "none": None,
        "deep": [{"k": MARK}],
    }


def test_no_secret_of_the_settings_comes_out(tmp_path: Path) -> None:
    """The password of a connection string too, by itself."""
    (tmp_path / "mine.toml").write_text(LIVE, encoding="utf-8")
    redactor = Redactor(load(tmp_path / "mine.toml", VARIABLES).secrets())
    for secret in (*VARIABLES.values(), "dsn-password"):
        assert redactor.text(f"<{secret}>") == f"<{MARK}>"


def test_a_connection_string_that_is_none_is_not_quoted(tmp_path: Path) -> None:
    """The driver's own message quotes it; the operator sees the settings' key instead."""
    (tmp_path / "mine.toml").write_text(LIVE, encoding="utf-8")
    loaded = load(tmp_path / "mine.toml", VARIABLES | {"RUNBOOK_DSN": "a-password-in-the-wrong-place"})
    with pytest.raises(Unreachable, match=r"^database\.dsn is not a valid connection string$"):
        Database(loaded, Journal()).read("select 1")
