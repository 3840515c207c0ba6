"""Tokens: a persona's own, and those that the API must refuse.

A refused token differs from a valid one in the one thing that it is named for, so a refusal is about that thing.
Sources: RFC 7519 (claims), RFC 8725 (attacks on algorithms and keys), Supabase Auth (`role`, `aud`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Literal

from runbook.errors import Unverified

if TYPE_CHECKING:
    from pydantic import SecretStr

    from runbook.api.client import Client
    from runbook.settings import Auth, Persona

Claims = dict[str, object]
Header = dict[str, object]

InvalidToken = Literal[
    "none",
    "empty",
    "garbage",
    "expired",
    "not yet valid",
    "wrong signature",
    "unsigned: alg none",
    "unsigned: alg None",
    "unsigned: alg nOnE",
    "own key in the header",
    "public key used as HMAC secret",
    "wrong audience",
    "wrong issuer",
    "without expiry",
    "anonymous key",
]
"""What is wrong with a token. `none` is a request without any."""

FORGED: frozenset[InvalidToken] = frozenset(
    {"expired", "not yet valid", "wrong audience", "wrong issuer", "without expiry"}
)
"""Signed anew, with the key that the settings name."""

HOUR = 3600


def token_of(name: str, persona: Persona, auth: Auth, client: Client) -> str:
    """A persona's valid token. Raises Unverified when it cannot sign in."""
    if auth.method == "token" and persona.token:
        return persona.token.get_secret_value()
    if auth.method == "password" and persona.password:
        return _sign_in(name, persona.email or "", persona.password.get_secret_value(), auth, client)
    return _signed(_header_of(auth), _claims_of(persona, auth), auth)


def control(kind: InvalidToken, valid: str, auth: Auth) -> str:
    """The token that must pass for the refusal of a kind to prove anything: made in the same way, and nothing wrong.

    A valid token that is signed anew is refused when the settings' key is not the API's: then so is every forged one.
    """
    return _signed(header_in(valid), claims_in(valid), auth) if kind in FORGED else valid


def invalid(kind: InvalidToken, valid: str, auth: Auth) -> str | None:
    """A token that must be refused, made from a valid one. Raises Unverified when the settings hold no key for it."""
    header, claims = header_in(valid), claims_in(valid)
    now = int(time.time())
    match kind:
        case "none":
            return None
        case "empty":
            return ""
        case "garbage":
            return "not.a.token"
        case "wrong signature":
            return _with_another_signature(valid)
        case "unsigned: alg none" | "unsigned: alg None" | "unsigned: alg nOnE":
            return _encoded(header | {"alg": kind.rsplit(maxsplit=1)[-1]}, claims) + "."
        case "own key in the header":
            return _with_own_key(header, claims)
        case "public key used as HMAC secret":
            if auth.public_key is None:
                raise Unverified("needs the API's public key; name it as auth.public_key")
            return _hmac(header, claims, f"{auth.public_key.strip()}\n".encode())
        case "anonymous key":
            if auth.anon_key is None:
                raise Unverified("needs the anonymous key; name it as auth.anon_key")
            return auth.anon_key.get_secret_value()
        case "expired":
            return _signed(header, claims | {"iat": now - 2 * HOUR, "exp": now - HOUR}, auth)
        case "not yet valid":
            return _signed(header, claims | {"iat": now, "nbf": now + HOUR, "exp": now + 2 * HOUR}, auth)
        case "wrong audience":
            return _signed(header, claims | {"aud": "another-audience"}, auth)
        case "wrong issuer":
            return _signed(header, claims | {"iss": "https://another-issuer.invalid/auth/v1"}, auth)
        case "without expiry":
            return _signed(header, {name: value for name, value in claims.items() if name != "exp"}, auth)


def claims_in(token: str) -> Claims:
    """The claims of a token that was just received; nothing is verified. Raises Unverified when it is no JWT."""
    import jwt

    try:
        claims: Claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise Unverified("the persona's token is not a JWT, so none can be forged from it") from None
    return claims


def header_in(token: str) -> Header:
    """The header of a token that was just received; nothing is verified. Raises Unverified when it is no JWT."""
    import jwt

    try:
        header: Header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise Unverified("the persona's token is not a JWT, so none can be forged from it") from None
    return header


def _sign_in(name: str, email: str, password: str, auth: Auth, client: Client) -> str:
    key = auth.anon_key.get_secret_value() if auth.anon_key else ""
    answer = client.send(
        "POST",
        f"{auth.url}/token",
        query={"grant_type": "password"},
        headers=[("apikey", key)],
        json={"email": email, "password": password},
    )
    tokens = answer.values_at("access_token")
    if not answer.ok or not tokens:
        raise Unverified(f"personas.{name} cannot sign in (status {answer.status}); check its email and password")
    return tokens[0]


def _claims_of(persona: Persona, auth: Auth) -> Claims:
    now = int(time.time())
    claims: Claims = {
        "sub": persona.subject,
        "aud": auth.audience,
        "role": "authenticated",
        "iat": now,
        "exp": now + HOUR,
    }
    return claims | ({"iss": auth.issuer} if auth.issuer else {})


def _header_of(auth: Auth) -> Header:
    algorithm = "HS256" if auth.method == "secret" else _algorithm(auth.private_key)
    header: Header = {"alg": algorithm, "typ": "JWT"}
    return header | {"kid": auth.key_id} if auth.key_id else header


def _algorithm(private_key: SecretStr | None) -> str:
    """The algorithm that Supabase Auth signs with, by the kind of key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key((private_key.get_secret_value() if private_key else "").encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unverified("auth.private_key is not a private key in PEM without a passphrase") from None
    return "RS256" if isinstance(key, RSAPrivateKey) else "EdDSA" if isinstance(key, Ed25519PrivateKey) else "ES256"


def _signed(header: Header, claims: Claims, auth: Auth) -> str:
    """A token with this header, by the key that its algorithm asks for."""
    import jwt

    algorithm = str(header.get("alg"))
    name, key = ("signing_secret", auth.signing_secret) if algorithm[:2] == "HS" else ("private_key", auth.private_key)
    if key is None:
        raise Unverified(
            f"needs the key that the API's tokens are signed with ({algorithm}); name it as auth.{name}, or declare"
            " the check out of scope"
        )
    try:
        return jwt.encode(claims, key.get_secret_value(), algorithm=algorithm, headers=header)
    except (jwt.PyJWTError, NotImplementedError, TypeError, ValueError):
        raise Unverified(f"auth.{name} cannot sign a token as the API's are signed ({algorithm})") from None


def _with_another_signature(valid: str) -> str:
    signed, _, signature = valid.rpartition(".")
    data = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return f"{signed}.{_base64(bytes([data[0] ^ 1]) + data[1:])}"


def _with_own_key(header: Header, claims: Claims) -> str:
    """Signed with a fresh key that the token itself offers as the one to verify with (CVE-2018-0114)."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from jwt.algorithms import ECAlgorithm

    key = generate_private_key(SECP256R1())
    offered = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.encode(claims, key, algorithm="ES256", headers=header | {"alg": "ES256", "jwk": offered})


def _hmac(header: Header, claims: Claims, key: bytes) -> str:
    signed = _encoded(header | {"alg": "HS256"}, claims)
    return f"{signed}.{_base64(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _encoded(header: Header, claims: Claims) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
