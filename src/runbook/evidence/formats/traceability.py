"""The traceability matrix as CSV: from each clause to its checks, and from each check to its line of the record."""

from __future__ import annotations

import csv
import io
import re

from runbook.evidence.formats.account import accounts, moment
from runbook.evidence.run import Run
from runbook.text import line

COLUMNS = (
    "clause",
    "severity",
    "check",
    "item",
    "outcome",
    "time",
    "duration_seconds",
    "reason",
    "evidence_sha256",
)
_FORMULA = re.compile(r"""(^|;)([\s"']*)(?=[=+\-@\uff0b\uff0d\uff1d\uff20])""")
"""Where a spreadsheet may begin a formula: in a cell, and after a semicolon, which parts cells where a comma is the
decimal sign, as in Indonesia (https://owasp.org/www-community/attacks/CSV_Injection)."""


def table(run: Run) -> bytes:
    """One row for everything that was to be verified."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for account in accounts(run):
        for row in account.rows:
            function, _, item = row.name.partition("[")
            cells = (
                account.clause.id,
                account.clause.severity,
                function,
                item.removesuffix("]"),
                row.outcome,
                moment(row.ended) if row.ended else "",
                row.seconds,
                row.reason,
                run.evidence.get(row.name, ""),
            )
            writer.writerow([harmless(line(cell)) for cell in cells])
    return text.getvalue().encode()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return _FORMULA.sub(r"\1'\2", cell)
