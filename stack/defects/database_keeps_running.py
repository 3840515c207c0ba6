"""What: the command that stops the database says that it did, and did not.
Red: test_supabase_leaves_nothing_behind
"""

from __future__ import annotations

from stack.parts import Parts


def system(parts: Parts) -> None:
    """The defect."""
    careful = parts.stop

    def stop(name: str) -> None:
        if name != "supabase":
            careful(name)

    vars(parts)["stop"] = stop
