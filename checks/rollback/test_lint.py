"""R2: lint and type check of the stable commit pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.clauses import clause

if TYPE_CHECKING:
    from runbook.release.processes import Finished

pytestmark = clause("R2")


def test_command_passes(linted: Finished) -> None:
    """A command of the settings ends with 0 in a clean checkout of exactly the stable commit."""
    last = (linted.output.strip().splitlines() or ["it printed nothing"])[-1]
    assert linted.code == 0, f"it ended with {linted.code}: {last[:200]}"
