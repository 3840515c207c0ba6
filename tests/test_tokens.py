"""Every token that must be refused is wrong in the one thing that it is named for, and in nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from functools import cache
from typing import Any, Literal, get_args

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from runbook.api.client import Client
from runbook.api.tokens import FORGED, InvalidToken, claims_in, control, header_in, invalid, token_of
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.settings import Auth, Persona, Timeouts
from runbook.settings_values import Referenced
from tests.servers import Reply, Server, api_at

Algorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
KINDS: tuple[InvalidToken, ...] = get_args(InvalidToken)
NO_TOKENS = ("none", "empty", "garbage")
KEYS = Referenced("a-signing-secret-of-the-token-tests"), Referenced("another-signing-secret-of-the-token-tests")
ISSUER = "https://project.example/auth/v1"
PERSONA = Persona(subject="aaaaaaaa-0000-4000-8000-000000000001")
ANON_CLAIMS = {"role": "anon", "iss": "supabase", "iat": 1_700_000_000, "exp": 4_000_000_000}


@cache
def pem(algorithm: Algorithm, number: int) -> tuple[str, str]:
    """A private key and its public half, the same ones each time."""
    assert number in (0, 1)
    made: RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
    match algorithm:
        case "RS256":
            made = generate_rsa_key(65537, 2048)
        case "EdDSA":
            made = Ed25519PrivateKey.generate()
        case _:
            made = generate_private_key(SECP256R1())
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def auth_for(algorithm: Algorithm, number: int = 0) -> Auth:
    """Settings that hold the API's key (or another one), as a settings file would give them."""
    anon_key = Referenced(jwt.encode(ANON_CLAIMS, KEYS[0], algorithm="HS256"))
    common = {"issuer": ISSUER, "key_id": "key-1", "anon_key": anon_key}
    if algorithm == "HS256":
        own = {"method": "secret", "signing_secret": KEYS[number], "public_key": pem("ES256", 0)[1].strip()}
    else:
        private, public = pem(algorithm, number)
        own = {"method": "private_key", "private_key": Referenced(private), "public_key": public.strip()}
    return Auth.model_validate(common | own)


@cache
def valid_for(algorithm: Algorithm) -> str:
    client = Client(api_at("http://127.0.0.1:9"), Timeouts(), Journal())
    client.close()
    return token_of("organizer", PERSONA, auth_for(algorithm), client)


def pyjwt_accepts(token: str, algorithm: Algorithm) -> bool:
    """The library as it should be used: one algorithm, one key, and every claim required."""
    try:
        claims = jwt.decode(
            token,
            KEYS[0] if algorithm == "HS256" else pem(algorithm, 0)[1],
            algorithms=[algorithm],
            audience="authenticated",
            issuer=ISSUER,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )
    except jwt.InvalidTokenError:
        return False
    return bool(claims.get("role") == "authenticated")


Hole = InvalidToken | None


def accepts(token: str | None, algorithm: Algorithm, hole: Hole = None) -> bool:
    """Whether a verifier lets a token in: step by step, with a hole in one step that a kind of token goes through."""
    if not token:
        return hole == ("none" if token is None else "empty")
    try:
        header = jwt.get_unverified_header(token)
        claims = claims_that_hold(token, hole)
    except jwt.InvalidTokenError as error:
        return hole == "garbage" and type(error) is jwt.DecodeError
    return claims is not None and signature_holds(token, header, algorithm, hole)


def claims_that_hold(token: str, hole: Hole) -> dict[str, Any] | None:
    anonymous = hole == "anonymous key" and claims_in(token).get("role") == "anon"
    claims: dict[str, Any] = jwt.decode(
        token,
        options={
            "verify_signature": False,
            "verify_exp": hole != "expired",
            "verify_nbf": hole != "not yet valid",
            "verify_aud": hole != "wrong audience" and not anonymous,
            "verify_iss": hole != "wrong issuer" and not anonymous,
            "require": [] if hole == "without expiry" or anonymous else ["exp", "iat", "sub", "aud", "iss"],
        },
        audience="authenticated",
        issuer=ISSUER,
    )
    return claims if anonymous or claims.get("role") == "authenticated" else None


def signature_holds(token: str, header: dict[str, Any], algorithm: Algorithm, hole: Hole) -> bool:
    signed, _, signature = token.rpartition(".")
    name = str(header["alg"])
    if hole == "wrong signature":
        return name == algorithm
    if hole in ("unsigned: alg none", "unsigned: alg None", "unsigned: alg nOnE") and name == hole[-4:]:
        return signature == ""
    if hole == "own key in the header" and "jwk" in header:
        return verified(token, jwt.PyJWK(header["jwk"], "ES256"), "ES256")
    if hole == "public key used as HMAC secret" and name == "HS256":
        # As a library does that takes the algorithm from the token: the same key, whatever it is.
        public = pem("ES256" if algorithm == "HS256" else algorithm, 0)[1]
        return hmac.compare_digest(raw(signature), hmac.digest(public.encode(), signed.encode(), hashlib.sha256))
    if hole == "anonymous key" and name == "HS256":
        return verified(token, KEYS[0], "HS256")
    return verified(token, KEYS[0] if algorithm == "HS256" else pem(algorithm, 0)[1], algorithm)


def verified(token: str, key: str | jwt.PyJWK, algorithm: str) -> bool:
    """Whether the key made the signature; the claims are not looked at."""
    try:
        jwt.PyJWS().decode(token, key, algorithms=[algorithm])
    except jwt.InvalidTokenError:
        return False
    return True


def raw(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_valid_token_is_accepted_and_is_the_persona_s(algorithm: Algorithm) -> None:
    valid = valid_for(algorithm)
    assert pyjwt_accepts(valid, algorithm)
    assert accepts(valid, algorithm)
    assert claims_in(valid)["sub"] == PERSONA.subject
    assert header_in(valid) == {"alg": algorithm, "typ": "JWT", "kid": "key-1"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_correct_verifier_refuses_it_and_one_with_the_hole_does_not(algorithm: Algorithm, kind: InvalidToken) -> None:
    token = invalid(kind, valid_for(algorithm), auth_for(algorithm))
    assert not pyjwt_accepts(token or "", algorithm)
    assert not accepts(token, algorithm)
    assert accepts(token, algorithm, hole=kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_other_hole_lets_it_through(algorithm: Algorithm, kind: InvalidToken) -> None:
    """It is wrong in one thing: a verifier that is wrong in anything else still refuses it.

    Only a verifier that looks at no signature at all also lets in what is signed by the wrong key."""
    token = invalid(kind, valid_for(algorithm), auth_for(algorithm))
    signed_by_the_api = kind not in DIFFERENCES or DIFFERENCES[kind][2]
    others = [hole for hole in KINDS if hole != kind and (signed_by_the_api or hole != "wrong signature")]
    assert [hole for hole in others if accepts(token, algorithm, hole)] == []


DIFFERENCES: dict[InvalidToken, tuple[set[str], set[str], bool]] = {
    "expired": (set(), {"iat", "exp"}, True),
    "not yet valid": (set(), {"iat", "nbf", "exp"}, True),
    "wrong audience": (set(), {"aud"}, True),
    "wrong issuer": (set(), {"iss"}, True),
    "without expiry": (set(), {"exp"}, True),
    "wrong signature": (set(), set(), False),
    "unsigned: alg none": ({"alg"}, set(), False),
    "unsigned: alg None": ({"alg"}, set(), False),
    "unsigned: alg nOnE": ({"alg"}, set(), False),
    "own key in the header": ({"alg", "jwk"}, set(), False),
    "public key used as HMAC secret": ({"alg"}, set(), False),
}
"""The members of the header and the claims that may differ, and whether the signature is that of the API's key."""


def test_every_kind_has_its_difference() -> None:
    assert {*DIFFERENCES, *NO_TOKENS, "anonymous key"} == set(KINDS)


@pytest.mark.parametrize("kind", DIFFERENCES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_differs_from_the_valid_token_in_the_named_thing_alone(algorithm: Algorithm, kind: InvalidToken) -> None:
    valid = valid_for(algorithm)
    token = invalid(kind, valid, auth_for(algorithm))
    assert token is not None
    header, claims, signed_by_the_api = DIFFERENCES[kind]
    assert different(header_in(valid), header_in(token)) <= header
    assert different(claims_in(valid), claims_in(token)) <= claims
    assert token != valid
    assert verified(token, KEYS[0] if algorithm == "HS256" else pem(algorithm, 0)[1], algorithm) is signed_by_the_api


def different(one: dict[str, object], other: dict[str, object]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_no_token_is_none_and_the_others_are_text() -> None:
    made = {kind: invalid(kind, valid_for("HS256"), auth_for("HS256")) for kind in KINDS}
    assert made["none"] is None
    assert made["empty"] == ""
    assert len(set(made.values())) == len(KINDS)


def test_the_header_of_a_received_token_is_kept() -> None:
    """A key that is chosen by `kid` is found for a forged token as for the valid one."""
    valid = jwt.encode(claims_in(valid_for("ES256")), pem("ES256", 0)[0], algorithm="ES256", headers={"kid": "theirs"})
    settings = auth_for("ES256").model_copy(update={"key_id": None})
    for kind in DIFFERENCES:
        assert header_in(str(invalid(kind, valid, settings)))["kid"] == "theirs"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_its_control_is_made_in_the_same_way_and_is_accepted(algorithm: Algorithm, kind: InvalidToken) -> None:
    made = control(kind, valid_for(algorithm), auth_for(algorithm))
    assert accepts(made, algorithm)
    assert claims_in(made) == claims_in(valid_for(algorithm))


@pytest.mark.parametrize("kind", sorted(FORGED))
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_its_control_is_refused_when_the_settings_hold_another_key(algorithm: Algorithm, kind: InvalidToken) -> None:
    """Then every forged token is refused for its signature, and the refusal proves nothing."""
    other = auth_for(algorithm, 1)
    assert not accepts(invalid(kind, valid_for(algorithm), other), algorithm, hole=kind)
    assert not accepts(control(kind, valid_for(algorithm), other), algorithm)


@pytest.mark.parametrize("kind", sorted(FORGED))
@pytest.mark.parametrize(
    ("algorithm", "missing", "key"),
    [("HS256", {"signing_secret": None}, "signing_secret"), ("ES256", {"private_key": None}, "private_key")],
)
def test_without_the_key_it_is_unverified(
    algorithm: Algorithm, missing: dict[str, None], key: str, kind: InvalidToken
) -> None:
    settings = auth_for(algorithm).model_copy(update=missing)
    for make in (invalid, control):
        with pytest.raises(Unverified, match=rf"signed with \({algorithm}\); name it as auth\.{key}"):
            make(kind, valid_for(algorithm), settings)


def test_a_key_of_the_wrong_kind_is_unverified_and_not_used() -> None:
    """A secret beside tokens that a private key signs: what it would sign is refused for its algorithm."""
    both = auth_for("HS256")
    with pytest.raises(Unverified, match=r"auth\.private_key"):
        invalid("expired", valid_for("ES256"), both)
    broken = auth_for("ES256").model_copy(update={"private_key": both.signing_secret})
    with pytest.raises(Unverified, match=r"auth\.private_key cannot sign"):
        invalid("expired", valid_for("ES256"), broken)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("public key used as HMAC secret", {"public_key": None}), ("anonymous key", {"anon_key": None})],
)
def test_without_the_public_or_anonymous_key_it_is_unverified(kind: InvalidToken, missing: dict[str, None]) -> None:
    with pytest.raises(Unverified, match="name it as auth"):
        invalid(kind, valid_for("HS256"), auth_for("HS256").model_copy(update=missing))


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.W10.AAAA"])
def test_what_is_no_token_cannot_be_forged_from(text: str) -> None:
    with pytest.raises(Unverified):
        invalid("expired", text, auth_for("HS256"))


def test_a_private_key_that_is_none_is_unverified_and_not_shown() -> None:
    settings = auth_for("ES256").model_copy(update={"private_key": auth_for("HS256").signing_secret})
    client = Client(api_at("http://127.0.0.1:9"), Timeouts(), Journal())
    with pytest.raises(Unverified, match="not a private key in PEM") as raised:
        token_of("organizer", PERSONA, settings, client)
    client.close()
    assert KEYS[0] not in str(raised.value)


def sign_in(reply: Reply) -> tuple[str, Server]:
    """Sign in with the password grant at a server that answers with a reply."""
    persona = Persona.model_validate({"email": "organizer@mine.example", "password": Referenced("a-password")})
    with Server(reply) as server:
        settings = Auth.model_validate(
            {"method": "password", "url": f"{server.url}/auth/v1", "anon_key": Referenced("an-anon-key")}
        )
        client = Client(api_at(server.url), Timeouts(), Journal())
        try:
            return token_of("organizer", persona, settings, client), server
        finally:
            client.close()


def test_a_persona_signs_in_with_the_password_grant() -> None:
    token, server = sign_in(Reply(200, (), json.dumps({"access_token": "a-token", "token_type": "bearer"}).encode()))
    assert [token] == ["a-token"]
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/auth/v1/token?grant_type=password")
    assert request.values("apikey") == ["an-anon-key"]
    assert json.loads(request.body) == {"email": "organizer@mine.example", "password": "a-password"}


@pytest.mark.parametrize(
    "reply", [Reply(400, (), b'{"error_code": "invalid_credentials"}'), Reply(200), Reply(200, (), b"{}")]
)
def test_a_persona_that_cannot_sign_in_is_unverified(reply: Reply) -> None:
    with pytest.raises(Unverified, match=r"^personas\.organizer cannot sign in \(status \d+\)") as raised:
        sign_in(reply)
    assert "mine.example" not in str(raised.value)
    assert "a-password" not in str(raised.value)


def test_a_token_of_the_settings_is_used_as_it_is() -> None:
    client = Client(api_at("http://127.0.0.1:9"), Timeouts(), Journal())
    client.close()
    persona = Persona.model_validate({"token": Referenced("opaque")})
    assert token_of("organizer", persona, Auth(method="token"), client) == "opaque"
