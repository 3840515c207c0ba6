"""What is secret in one start of the system: made anew each time, so that nothing of it is worth keeping."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

TEN_YEARS = 10 * 365 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys and the password of one start; none of them shows in its `repr`, the public key apart."""

    public_key: str
    private_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    anon_key: str = field(repr=False)
    password: str = field(repr=False)


def generate() -> Secrets:
    """An ES256 pair in PEM, an HS256 secret of 48 bytes, the anonymous key, and the seeded people's one password."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwt_secret = secrets.token_urlsafe(48)
    now = int(time.time())
    anonymous = {"role": "anon", "iss": "supabase", "iat": now, "exp": now + TEN_YEARS}
    return Secrets(
        public_key=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        jwt_secret=jwt_secret,
        anon_key=jwt.encode(anonymous, jwt_secret, "HS256"),
        password=secrets.token_urlsafe(18),
    )


def hash_password(password: str) -> str:
    """As auth.users.encrypted_password holds it: `scrypt$<salt hex>$<hash hex>` with n=2**12, r=8, p=1."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1).hex()}"
