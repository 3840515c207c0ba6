"""Signing in to the reference API, and every token that it must refuse."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.stack.api_client import A, System, refusal, system


@pytest.fixture(scope="module")
def api() -> Iterator[System]:
    with system() as running:
        yield running


def claims_in(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_the_right_password_is_answered_as_supabase_auth_answers(api: System) -> None:
    answer = api.sign_in("Organizer@runbook.example", api["PASSWORD"])
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert body["expires_at"] == pytest.approx(time.time() + 3600, abs=10)
    assert body["refresh_token"]
    assert set(body["user"]) == {"id", "email", "aud", "role"}
    claims = jwt.decode(body["access_token"], api["JWT_SECRET"], ["HS256"], audience="authenticated")
    assert (claims["iss"], claims["sub"], claims["role"]) == (api["AUTH_URL"], body["user"]["id"], "authenticated")


@pytest.mark.parametrize(
    "email", ["organizer@runbook.example", "nobody@runbook.example", "a\0b", "\ud800", "' or 1=1", ""]
)
def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(api: System, email: str) -> None:
    answer = api.http.post(
        "/auth/v1/token?grant_type=password",
        headers={"apikey": api["ANON_KEY"]},
        content=json.dumps({"email": email, "password": "wrong \ud800"}),
    )
    assert answer.status_code == 400
    assert answer.json() == {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"email": 1, "password": 2}', b'{"email": "a"}', b"[" * 9000, b"1" * 9000],
    ids=lambda content: repr(content[:20]),
)
def test_a_malformed_sign_in_is_refused(api: System, content: bytes) -> None:
    answer = api.http.post("/auth/v1/token?grant_type=password", headers={"apikey": api["ANON_KEY"]}, content=content)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


def test_another_grant_is_refused(api: System) -> None:
    answer = api.http.post("/auth/v1/token?grant_type=refresh_token", headers={"apikey": api["ANON_KEY"]})
    assert (answer.status_code, answer.json()["msg"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("headers", "code"),
    [([], "AuthenticationRequired"), ([(b"apikey", b"x")], "InvalidToken"), ([(b"apikey", b"\xff")], "InvalidToken")],
)
def test_nobody_signs_in_without_the_anonymous_key(api: System, headers: list[tuple[bytes, bytes]], code: str) -> None:
    assert refusal(api.http.post("/auth/v1/token?grant_type=password", headers=headers)) == (401, code)


def test_a_banned_person_is_refused(api: System) -> None:
    who = "outsider@runbook.example"
    api.sql("update auth.users set banned_until = now() + interval '1 hour' where email = %s", who)
    try:
        answer = api.sign_in(who, api["PASSWORD"])
    finally:
        api.sql("update auth.users set banned_until = null where email = %s", who)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "user_banned")


def by_hand(header: Mapping[str, object], claims: Mapping[str, object], key: bytes | None) -> str:
    """A token that PyJWT would refuse to make: HMAC with any key, or no signature at all."""
    parts = [encoded(json.dumps(part).encode()) for part in (header, claims)]
    signature = encoded(hmac.digest(key, ".".join(parts).encode(), hashlib.sha256)) if key is not None else ""
    return ".".join([*parts, signature])


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def attacks(claims: dict[str, Any], secret: str, public_key: bytes, anon_key: str) -> dict[str, str]:
    """Tokens that must be refused, each wrong in the one thing that it is named for."""
    now = int(time.time())
    changed: dict[str, dict[str, object]] = {
        "expired": {"iat": now - 7200, "exp": now - 3600},
        "expired just now": {"exp": now - 1},
        "not yet valid": {"nbf": now + 60},
        "issued in the future": {"iat": now + 60},
        "wrong audience": {"aud": "anon"},
        "wrong issuer": {"iss": "https://elsewhere.example/auth/v1"},
        "issuer with a slash": {"iss": f"{claims['iss']}/"},
        "role of the service": {"role": "service_role"},
        "role of the operator": {"role": "postgres"},
        "role is a list": {"role": ["authenticated"]},
        "subject is no UUID": {"sub": "organizer"},
        "subject in braces": {"sub": f"{{{claims['sub']}}}"},
        "infinite expiry": {"exp": float("inf")},
    }
    tokens = {name: jwt.encode(claims | change, secret, "HS256") for name, change in changed.items()}
    for claim in ("exp", "iat", "sub", "aud", "iss", "role"):
        rest = {name: value for name, value in claims.items() if name != claim}
        tokens[f"no {claim}"] = jwt.encode(rest, secret, "HS256")
    for spelling in ("none", "None", "nOnE"):
        tokens[f"alg {spelling}"] = by_hand({"alg": spelling, "typ": "JWT"}, claims, None)
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    return tokens | {
        "wrong secret": by_hand({"alg": "HS256"}, claims, b"another secret of thirty-two bytes"),
        "empty secret": by_hand({"alg": "HS256"}, claims, b""),
        "public key as the secret": by_hand({"alg": "HS256"}, claims, public_key),
        "public key as the secret, stripped": by_hand({"alg": "HS256"}, claims, public_key.strip()),
        "own RS256 key in the header": jwt.encode(claims, own, "RS256", headers={"jwk": jwk}),
        "another ES256 key": jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "HS512 with the secret": jwt.encode(claims, secret, "HS512"),
        "ES256 signed with the secret": by_hand({"alg": "ES256"}, claims, secret.encode()),
        "signature cut off": jwt.encode(claims, secret, "HS256").rpartition(".")[0] + ".",
        "alg is a list": by_hand({"alg": ["HS256"]}, claims, secret.encode()),
        "no alg": by_hand({"typ": "JWT"}, claims, secret.encode()),
        "unknown critical header": by_hand({"alg": "HS256", "crit": ["x"], "x": 1}, claims, secret.encode()),
        "subject is a number": by_hand({"alg": "HS256"}, claims | {"sub": 1}, secret.encode()),
        "header nested too deep": f"{encoded(b'[' * 9000)}.e30.",
        "anonymous key": anon_key,
        "garbage": "not.a.token",
        "empty": "",
    }


NAMES = sorted(attacks({"iss": "", "sub": ""}, "s" * 64, b"", ""))


@pytest.fixture(scope="module")
def forged(api: System) -> dict[str, str]:
    public_key = Path(api["PUBLIC_KEY_FILE"]).read_bytes()
    return attacks(claims_in(api.token("organizer")), api["JWT_SECRET"], public_key, api["ANON_KEY"])


@pytest.mark.parametrize("path", ["/events", "/enrollments"])
@pytest.mark.parametrize("name", NAMES)
def test_a_bad_token_is_refused(api: System, forged: dict[str, str], name: str, path: str) -> None:
    answer = api.http.get(path, headers={"authorization": f"Bearer {forged[name]}".strip(), "x-event-id": A})
    assert refusal(answer) == (401, "InvalidToken")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_a_token_of_either_accepted_algorithm_passes(api: System, algorithm: str) -> None:
    private_key = Path(api["PRIVATE_KEY_FILE"]).read_text(encoding="ascii")
    key = {"HS256": api["JWT_SECRET"], "ES256": private_key}[algorithm]
    token = jwt.encode(claims_in(api.token("organizer")) | {"aud": ["authenticated"]}, key, algorithm)
    answer = api.http.get("/enrollments", headers={"authorization": f"bearer {token}", "x-event-id": A})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([], "AuthenticationRequired"),
        ([b""], "AuthenticationRequired"),
        ([b"Basic b3A6cHc="], "AuthenticationRequired"),
        ([b"Bearer \xff\xfe"], "InvalidToken"),
        ([b"Bearer a", b"Bearer b"], "InvalidToken"),
    ],
)
def test_what_is_no_bearer_token_is_refused(api: System, values: list[bytes], code: str) -> None:
    answer = api.http.get("/events", headers=[(b"authorization", value) for value in values])
    assert refusal(answer) == (401, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_valid_token_is_not_accepted_from_the_query_or_a_cookie(api: System) -> None:
    token = api.token("organizer")
    assert refusal(api.http.get("/events", params={"access_token": token}))[0] == 401
    assert refusal(api.http.get("/events", headers={"cookie": f"access_token={token}"}))[0] == 401
