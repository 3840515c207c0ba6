"""Ed25519 keys: whoever holds one vouches for what it signs. A key is known by its material alone, never by a name."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

VARIABLE = "RUNBOOK_KEY"
"""Names the file of the key that seals this machine's runs; empty: they are not sealed."""


def default() -> Path:
    """Where the own key stands when `RUNBOOK_KEY` names none."""
    import click

    return Path(click.get_app_dir("runbook")) / "key.pem"


def new(path: Path) -> str:
    """Make a key, readable by its owner alone, and return its public half: 64 hexadecimal digits.

    Raises EvidenceError where there is a file already: whoever overwrites a key loses what it vouched for.
    """
    from securesystemslib.signer import CryptoSigner

    made = CryptoSigner.generate_ed25519()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(0o600, exist_ok=False)
        path.write_bytes(made.private_bytes)
    except FileExistsError:
        raise EvidenceError(f"{path} is there already: move it away first, or name another file") from None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be written ({error.strerror})") from None
    return material(made.public_key)


def signer(path: Path) -> CryptoSigner:
    """The key in a file. Raises EvidenceError when it cannot be used, or others may read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise EvidenceError(f"{path} can be read by others, so it vouches for nobody: chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        message = f"the key {path} cannot be read ({error.strerror}); `runbook keys new` makes one"
        raise EvidenceError(message) from None
    except (ValueError, TypeError):
        raise EvidenceError(f"{path} holds no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(f"{path} holds no Ed25519 key; `runbook keys new` makes one")
    return CryptoSigner(key)


def own(named: str | None) -> CryptoSigner | None:
    """The key that seals the runs of this machine; None where there is none. Raises EvidenceError as `signer` does.

    `named`: what `RUNBOOK_KEY` holds, if it is set.
    """
    if named is not None:
        return signer(Path(named)) if named else None
    return signer(default()) if default().exists() else None


def needed(named: str | None) -> CryptoSigner:
    """The same, where nothing can be done without one. Raises EvidenceError."""
    signer = own(named)
    if signer is None:
        raise EvidenceError("this takes a key: `runbook keys new` makes yours, --key names another file")
    return signer


def public(hexadecimal: str) -> SSlibKey:
    """The public key of this material. Raises EvidenceError when it is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.signer import SSlibKey

    try:
        return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(hexadecimal)))
    except ValueError:
        raise EvidenceError("a public key is 64 hexadecimal digits, as `runbook keys new` prints them") from None


def material(key: SSlibKey) -> str:
    """The public key as settings write it: 64 hexadecimal digits."""
    return str(key.keyval["public"])
