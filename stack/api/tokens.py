"""Access tokens as Supabase Auth makes them: issued for a password, verified on every request."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from typing import Any

import jwt
from jwt.types import Options
from starlette.requests import Request

from stack.api import database, settings, uuids
from stack.api.errors import ApiError, GrantError
from stack.api.settings import Settings

Claims = dict[str, Any]

AUDIENCE = "authenticated"
ROLES = frozenset({"authenticated"})
LIFETIME_SECONDS = 3600
OPTIONS: Options = {"require": ["exp", "iat", "sub", "aud", "iss", "role"]}
# Compared with when there is no such person, so that the answer takes as long as for a wrong password.
NOBODY = f"scrypt${'00' * 16}${'00' * 64}"


def keys(known: Settings) -> dict[str, str]:
    """The one key of each accepted algorithm: a token that names another algorithm has no key at all."""
    return {"HS256": known.jwt_secret, "ES256": known.public_key}


def claims_of(request: Request) -> Claims:
    """The caller's verified claims. Raises AuthenticationRequired without a bearer token, InvalidToken for another."""
    values = request.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if values else ("", "", "")
    if scheme.lower() != "bearer":
        raise ApiError("AuthenticationRequired")
    if len(values) > 1:
        raise ApiError("InvalidToken")
    claims = verify(token.strip(), settings.of(request))
    request.state.user_id = claims["sub"]
    return claims


def verify(token: str, known: Settings) -> Claims:
    """The token's claims, once signature, times, audience, issuer, subject and role hold. Raises InvalidToken."""
    try:
        algorithm = jwt.get_unverified_header(token)["alg"]
        claims: Claims = jwt.decode(
            token,
            keys(known)[algorithm],
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=known.auth_url,
            options=OPTIONS,
        )
        accepted = uuids.canonical(claims["sub"]) is not None and claims["role"] in ROLES
    # Not PyJWTError alone: a header nested too deep, an unhashable alg, an infinite exp raise Python's own.
    except (jwt.PyJWTError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
        accepted = False
    if not accepted:
        raise ApiError("InvalidToken")
    return claims


def matches(password: str, stored: str) -> bool:
    """Whether the password is the one stored as `scrypt$<salt hex>$<hash hex>`."""
    _, salt, digest = stored.split("$")
    expected = bytes.fromhex(digest)
    given = password.encode("utf-8", "surrogatepass")
    actual = hashlib.scrypt(given, salt=bytes.fromhex(salt), n=2**12, r=8, p=1, dklen=len(expected))
    return hmac.compare_digest(actual, expected)


def check_api_key(request: Request) -> None:
    """Raises AuthenticationRequired without the header apikey, InvalidToken when it is not the anonymous key."""
    given = request.headers.get("apikey")
    if not given:
        raise ApiError("AuthenticationRequired", "Send the header apikey.")
    if not hmac.compare_digest(given.encode(), settings.of(request).anon_key.encode()):
        raise ApiError("InvalidToken", "The apikey is not valid.")


async def grant(request: Request, email: str, password: str) -> dict[str, Any]:
    """Supabase Auth's answer to the right password. Raises GrantError, the same for an unknown person."""
    pool: database.Pool = request.app.state.auth_pool
    user = None
    if email.isprintable():  # neither NUL nor a lone surrogate, which PostgreSQL cannot take as text
        async with pool.connection() as connection:
            found = await connection.execute(
                """
                select id, email, aud, role, encrypted_password, coalesce(banned_until > now(), false) as banned
                from auth.users where email = lower(%s)
                """,
                [email],
            )
            user = await found.fetchone()
    right = await asyncio.to_thread(matches, password, user["encrypted_password"] if user else NOBODY)
    if user is None or not right:
        raise GrantError("invalid_credentials", "Invalid login credentials")
    if user["banned"]:
        raise GrantError("user_banned", "User is banned")
    request.state.user_id = user["id"]
    return issue(user, settings.of(request))


def issue(user: database.Row, known: Settings) -> dict[str, Any]:
    """A fresh HS256 token for the person. The refresh token has the expected form, and nothing accepts it."""
    now = int(time.time())
    person = {"id": str(user["id"]), "email": user["email"], "aud": user["aud"], "role": user["role"]}
    claims = {
        "iss": known.auth_url,
        "sub": person["id"],
        "aud": person["aud"],
        "role": person["role"],
        "email": person["email"],
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
    }
    return {
        "access_token": jwt.encode(claims, known.jwt_secret, "HS256"),
        "token_type": "bearer",
        "expires_in": LIFETIME_SECONDS,
        "expires_at": now + LIFETIME_SECONDS,
        "refresh_token": secrets.token_urlsafe(16),
        "user": person,
    }
