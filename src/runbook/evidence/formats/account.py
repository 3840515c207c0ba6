"""What every format tells of a run: clause by clause, with what did not run, and what the record lacks beside it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from uuid import NAMESPACE_URL, UUID, uuid5

from runbook.clauses import Clause, clause_of, clauses
from runbook.evidence.chain import canonical, digest
from runbook.evidence.record import Outcome, worst
from runbook.evidence.run import Run
from runbook.text import line

RUN = Clause(
    id="RUN",
    section="evidence",
    layer="evidence",
    severity="P0",
    wording={
        "id": "Setiap pemeriksaan yang diwajibkan telah berjalan, dan catatannya utuh.",
        "en": "Every check that was required ran, and the record of it is whole.",
    },
    remedy={
        "id": "Belum terbukti berarti belum aman: atasi penyebabnya, lalu jalankan lagi.",
        "en": "Not proved is not safe: mend the reason, then run again.",
    },
    checks=(),
)
"""What no clause of the runbook says, and each of them rests on. Checks of a clause that the run did not set out to
verify are counted here too: a few of its checks do not prove it."""

UNKNOWN_TIME = "1970-01-01T00:00:00.000Z"
_NAMESPACE = uuid5(NAMESPACE_URL, "urn:runbook-checks")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was to be verified, and what became of it. `ended` is in UTC, None where it never ran, or a
    record says no time; `seconds` is what it took."""

    name: str
    outcome: Outcome
    reason: str = ""
    ended: datetime | None = None
    seconds: float = 0.0

    @property
    def began(self) -> datetime | None:
        """When it began (UTC)."""
        try:
            return self.ended - timedelta(seconds=self.seconds) if self.ended else None
        except OverflowError:
            return self.ended


@dataclass(frozen=True, slots=True)
class Account:
    """A clause and what became of it: held only when all of it was verified, in a run without gaps."""

    clause: Clause
    outcome: Outcome
    rows: tuple[Row, ...]


def accounts(run: Run) -> list[Account]:
    """Every clause of the run in the runbook's order, then `RUN`; each has a row. All of them held, are waived or out
    of scope, only when the verdict is PASSED."""
    concerned = {result.clause.id: result.clause for result in run.judgement.clauses}
    rows: dict[str, list[Row]] = defaultdict(list)
    for id_, check in run.checks.items():
        seconds = check.duration if isfinite(check.duration) and check.duration > 0 else 0.0
        row = Row(id_, check.outcome, check.reason or "", run.times[id_], seconds)
        rows[check.clause if check.clause in concerned else RUN.id].append(row)
    for id_ in dict.fromkeys(run.required):
        if id_ not in run.checks:
            clause = clause_of(id_)
            rows[clause if clause in concerned else RUN.id].append(Row(id_, "unverified", "it did not run"))
    gaps = run.judgement.gaps
    rows[RUN.id] += [Row(f"gap {number}", "unverified", gap, run.ended) for number, gap in enumerate(gaps, 1)]
    if not gaps:
        rows[RUN.id].append(Row("the record", "held", "", run.ended))
    doubt = Row("the run as a whole", "unverified", f"what keeps the run from being whole is told under {RUN.id}")
    return [_account(clause, rows[clause.id], doubt if gaps else None) for clause in [*concerned.values(), RUN]]


def _account(clause: Clause, rows: list[Row], doubt: Row | None) -> Account:
    outcome = worst(row.outcome for row in rows)
    if outcome in ("held", "waived") and doubt:
        rows, outcome = [*rows, doubt], doubt.outcome
    return Account(clause, outcome, tuple(rows) or (Row(clause.id, "unverified", "no check ran"),))


def moment(at: datetime | None) -> str:
    """A time in UTC as RFC 3339 and OSCAL write it; a time that cannot be true is an unknown one."""
    if at is None or not 1900 <= at.year < 3000:
        return UNKNOWN_TIME
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def told(run: Run, name: str) -> str:
    """What the first line of the record says of one thing, `unknown` where it says nothing."""
    value = run.start.get(name)
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)
    return line(shown).strip() or "unknown"


def fingerprint(run: Run) -> dict[str, str]:
    """What the target was, part by part: the deployed commit, the newest migration, the policies, the server."""
    found = run.start.get("fingerprint")
    known = found.items() if isinstance(found, dict) else ()
    return {part: line(value).strip() or "unknown" for part, value in known if re.fullmatch(r"[a-z]+", part)}


def identifier(run: Run, *parts: str) -> UUID:
    """A UUID of something in this run: the same record always gives the same."""
    return uuid5(_NAMESPACE, digest(canonical([run.digest, *parts])))


def runbook_digest() -> str:
    """SHA-256 of the clauses: which runbook it was that a run was judged by."""
    told = [[c.id, c.section, c.layer, c.severity, c.wording, c.remedy, c.checks] for c in clauses().values()]
    return digest(canonical(told))
