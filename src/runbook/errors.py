"""What can go wrong, as a tree. Every message says what is wrong, where, and what to do next.

RunbookError
├── SettingsError     a settings file is wrong; the user mends it, nothing has run
├── TargetError       a target could not be started, reached or stopped
├── EvidenceError     a key, a seal or a verdict cannot be used, or is not what it says it is
└── Unverified        one observation could not be made, so the check that needs it proves nothing
    └── Unreachable   the network or the server gave no answer within the deadline
"""

from __future__ import annotations

from collections.abc import Sequence

from runbook.text import line


class RunbookError(Exception):
    """The root: its text is meant for the operator and holds no secret and no row of data."""


class SettingsError(RunbookError):
    """A settings file with everything that is wrong in it, one line a fault, whatever the file names things."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(map(line, lines))
        super().__init__("\n".join(self.lines))


class TargetError(RunbookError):
    """A target that could not be started, reached or stopped."""


class EvidenceError(RunbookError):
    """A key, a seal or a verdict that cannot be used, or is not what it says it is."""


class Unverified(RunbookError):
    """An observation that could not be made: neither held nor violated."""


class Unreachable(Unverified):
    """No answer within the deadline."""
