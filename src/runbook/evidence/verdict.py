"""The verdict: PASSED only when everything that was required really ran and held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from runbook.clauses import Clause
from runbook.evidence.record import CheckRecord, Outcome, worst


class Verdict(StrEnum):
    """FAILED outranks INCONCLUSIVE, which outranks PASSED."""

    PASSED = "PASSED"
    INCONCLUSIVE = "INCONCLUSIVE"
    FAILED = "FAILED"

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 inconclusive."""
        return {"PASSED": 0, "FAILED": 1, "INCONCLUSIVE": 3}[self.value]


@dataclass(frozen=True, slots=True)
class ClauseResult:
    """One clause and what became of its checks."""

    clause: Clause
    outcome: Outcome
    records: tuple[CheckRecord, ...]

    def with_outcome(self, outcome: Outcome) -> list[CheckRecord]:
        """The records of one outcome."""
        return [record for record in self.records if record.outcome == outcome]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, clause by clause, and whatever keeps it from being PASSED beside the checks themselves."""

    verdict: Verdict
    clauses: tuple[ClauseResult, ...]
    gaps: tuple[str, ...] = field(default=())

    @property
    def waived(self) -> int:
        """How many checks did not hold, and need not for a while."""
        return sum(len(result.with_outcome("waived")) for result in self.clauses)

    def with_gaps(self, gaps: Iterable[str]) -> Judgement:
        """The same with more that keeps it from being PASSED: never better."""
        known = set(self.gaps)
        more = [gap for gap in dict.fromkeys(gaps) if gap not in known]
        if not more:
            return self
        verdict = self.verdict if self.verdict is Verdict.FAILED else Verdict.INCONCLUSIVE
        return replace(self, verdict=verdict, gaps=(*self.gaps, *more))


def judge(
    clauses: Sequence[Clause], required: Iterable[str], records: Mapping[str, CheckRecord], gaps: Sequence[str] = ()
) -> Judgement:
    """Judge a run.

    `clauses`: those that the run set out to verify. `required`: the ids of every check that there is for them.
    `records`: what became of each check that ran, by id. `gaps`: what else was not as it should be (a file that could
    not be collected, a worker that died); any gap makes the run INCONCLUSIVE.
    """
    not_run = sorted(set(required) - records.keys())
    all_gaps = [*gaps, *(f"not run: {check}" for check in not_run)]
    results = [_clause_result(clause, [r for r in records.values() if r.clause == clause.id]) for clause in clauses]
    if not clauses:
        all_gaps.append("no clause was to be verified")
    all_gaps += [f"{result.clause.id}: no check ran" for result in results if not result.records]
    outcomes = {record.outcome for record in records.values()}
    if outcomes and outcomes <= {"out of scope", "waived"}:
        all_gaps.append("nothing was verified: every check is out of scope or waived")
    if "violated" in outcomes:
        verdict = Verdict.FAILED
    elif all_gaps or "unverified" in outcomes:
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.PASSED
    return Judgement(verdict, tuple(results), tuple(all_gaps))


def _clause_result(clause: Clause, records: list[CheckRecord]) -> ClauseResult:
    return ClauseResult(clause, worst(record.outcome for record in records), tuple(records))
