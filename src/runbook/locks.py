"""Files of which several processes may be about to change one thing: one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.errors import EvidenceError

LOCK_SECONDS = 30


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Hold a lock file. Raises EvidenceError when another process does so for long."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(lock, timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise EvidenceError(f"{lock} is held by another process for {LOCK_SECONDS} s") from None
