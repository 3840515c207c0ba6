"""What: the database takes longer to be ready again than it may.
Red: test_supabase_starts_again_in_time
"""

from __future__ import annotations

import time

from stack.parts import Parts
from stack.processes import POLL

LONGER_THAN_IT_MAY = 6  # seconds; targets/embedded.toml allows 5


def system(parts: Parts) -> None:
    """The defect."""
    careful = parts.start

    def start(name: str) -> None:
        end = time.monotonic() + LONGER_THAN_IT_MAY
        while name == "supabase" and time.monotonic() < end:
            time.sleep(POLL)
        careful(name)

    vars(parts)["start"] = start
