"""What: every part stops, and the command that stopped it ends with an error.
Red: test_supabase_stops_in_time
Red: test_api_stops_in_time
Red: test_admin_stops_in_time
"""

from __future__ import annotations

from stack.parts import Parts
from stack.state import StackError


def system(parts: Parts) -> None:
    """The defect."""
    careful = parts.stop

    def stop(name: str) -> None:
        careful(name)
        raise StackError("a warning that counts as an error")

    vars(parts)["stop"] = stop
