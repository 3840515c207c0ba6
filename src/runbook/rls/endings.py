"""How a table of members says that a membership has ended: by a time, a flag or a status, known by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runbook.rls.values import choices

if TYPE_CHECKING:
    from runbook.rls.catalog import Relation
    from runbook.rls.world import Row

TIME = re.compile(
    r"(left|ended|removed|revoked|deleted|deactivated|disabled|suspended|expires?|expired|until)(_(at|on))?"
)
OVER = re.compile(r"(is_)?(deleted|removed|revoked|disabled|suspended|inactive|archived)")
LIVE = re.compile(r"(is_)?(active|enabled|current|valid)")
LONG_AGO = "2001-01-01"


def endings(membership: Relation) -> tuple[Row, Row]:
    """What the columns hold that end a membership, while it lasts and once it has ended; empty where there are none."""
    lasting: Row = {}
    ended: Row = {}
    for column in membership.columns:
        name = column.name.lower()
        if column.category == "D" and TIME.search(name):
            lasting[column.name] = "infinity" if column.required else None
            ended[column.name] = LONG_AGO
        elif column.category == "B" and (OVER.fullmatch(name) or LIVE.fullmatch(name)):
            over = OVER.fullmatch(name) is not None
            lasting[column.name], ended[column.name] = ("false", "true") if over else ("true", "false")
        elif column.name in ("status", "state"):
            found = choices(membership, column)
            gone = [value for value in found if value and (OVER.fullmatch(value) or TIME.fullmatch(value))]
            alive = [value for value in found if value and LIVE.fullmatch(value)]
            if gone and alive:
                lasting[column.name], ended[column.name] = alive[0], gone[0]
    return lasting, ended
