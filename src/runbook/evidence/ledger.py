"""`ledger.jsonl`: what became of every run and every verdict, one chained line each, whoever adds to it.

A line that is taken out or moved shows in the chain, and what was cut off at its end shows in the seals that name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook.errors import EvidenceError
from runbook.evidence import chain
from runbook.evidence.chain import Chain, Chained, Entry

LEDGER = "ledger.jsonl"
LOCK = ".ledger.lock"
LOCK_SECONDS = 30


def read(reports: Path) -> Chained:
    """The ledger of a folder of reports; none yet is an empty one."""
    path = reports / LEDGER
    return chain.read(path) if path.exists() else Chained((), ())


@contextmanager
def open_(reports: Path) -> Iterator[tuple[str, Callable[[Entry], str]]]:
    """The digest of the last line, and how to add the next one, while nobody else can. Returns the line's digest.

    Raises EvidenceError when the ledger does not hold together, or somebody else holds it for long.
    """
    from filelock import FileLock, Timeout

    try:
        with FileLock(reports / LOCK, timeout=LOCK_SECONDS):
            there = read(reports)
            if there.fault:
                raise EvidenceError(f"{reports}: {there.fault}; nothing is added until somebody has looked at it")

            def add(entry: Entry) -> str:
                with (reports / LEDGER).open("ab") as file:
                    return Chain(file, there.last).add(entry)

            yield there.last, add
    except Timeout:
        raise EvidenceError(f"{reports / LOCK} is held by another process for {LOCK_SECONDS} s") from None
