"""in-toto statements, unsigned: test-result v0.1 and Simple Verification Result (SVR) v0.2.

https://github.com/in-toto/attestation/tree/main/spec/predicates
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from runbook.errors import EvidenceError
from runbook.evidence.chain import canonical
from runbook.evidence.formats.account import RUN, accounts, fingerprint, moment, runbook_digest, told
from runbook.evidence.run import Run
from runbook.evidence.verdict import Verdict
from runbook.text import line, lines

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SVR = "https://in-toto.io/attestation/svr/v0.2"
_DIGESTS = {"population": ("sha256", 64), "policies": ("sha256", 64), "commit": ("gitCommit", 40)}
"""What a run rests on, by the name that its record has for it; the algorithm, and how many digits it has."""

Document = dict[str, object]


def test_result(run: Run, subjects: Mapping[str, str]) -> Document:
    """Which checks passed and which did not; what was not verified, and each gap, counts as failed. What did not hold
    and is waived makes a warning of a run that passed."""
    everything = [(account.clause, row) for account in accounts(run) for row in account.rows]
    # What the run as a whole comes to is no test that passed; what is wrong with it keeps a test from passing.
    passed = [line(row.name) for _, row in everything if row.outcome == "held" and row.name in run.checks]
    failed = [
        line(row.name) if row.name in run.checks or row.name in run.required else line(f"{clause.id}: {row.reason}")
        for clause, row in everything
        if row.outcome in ("violated", "unverified")
    ]
    warned = [line(row.name) for _, row in everything if row.outcome == "waived"]
    excluded = {line(row.name): lines(row.reason) for _, row in everything if row.outcome == "out of scope"}
    predicate: Document = {
        "result": "FAILED" if run.judgement.verdict is not Verdict.PASSED else "WARNED" if warned else "PASSED",
        "configuration": _configuration(run, excluded),
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
    }
    return _statement(TEST_RESULT, predicate, subjects)


def svr(run: Run, subjects: Mapping[str, str]) -> Document:
    """What was verified: nothing at all unless the verdict is PASSED. Where something is waived, neither its section
    nor the run is said to have passed."""
    properties: list[str] = []
    if run.judgement.verdict is Verdict.PASSED:
        clauses = [account for account in accounts(run) if account.clause != RUN]
        waived = {account.clause.section for account in clauses if account.outcome == "waived"}
        held = [account.clause for account in clauses if account.outcome == "held"]
        sections = dict.fromkeys(clause.section for clause in held if clause.section not in waived)
        properties = ["RUNBOOK_PASSED_EXCEPT_WAIVED" if waived else "RUNBOOK_PASSED"]
        properties += [f"RUNBOOK_{section.upper()}_PASSED" for section in sections]
        properties += [f"RUNBOOK_{clause.id}_HELD" for clause in held]
    policy = {"uri": "urn:runbook-checks:clauses", "digest": {"sha256": runbook_digest()}}
    predicate: Document = {
        "verifier": {"id": f"urn:runbook-checks:{quote(told(run, 'suite'))}", "policies": [policy]},
        "timeCreated": moment(run.ended),
        "properties": properties,
    }
    return _statement(SVR, predicate, subjects)


def written(statement: Document) -> bytes:
    """The bytes to sign, or to write: the same statement always gives the same."""
    return canonical(statement)


def _statement(type_: str, predicate: Document, subjects: Mapping[str, str]) -> Document:
    if not subjects:
        raise EvidenceError("a statement needs the files that it is about: name them with their SHA-256")
    subject = [{"name": line(path), "digest": {"sha256": value}} for path, value in sorted(subjects.items())]
    return {"_type": STATEMENT, "subject": subject, "predicateType": type_, "predicate": predicate}


def _configuration(run: Run, excluded: Mapping[str, str]) -> list[Document]:
    """What was tested with what, and what the settings declared out of scope: no test of these passed."""
    about: dict[str, object] = {"verdict": str(run.judgement.verdict), "record": run.digest}
    about |= {name: told(run, name) for name in ("target", "api", "sections", "by", "host", "clean")}
    found: list[Document] = [
        {"name": "run", "annotations": about},
        {"name": "clauses", "digest": {"sha256": runbook_digest()}},
    ]
    for name, (algorithm, digits) in _DIGESTS.items():
        if re.fullmatch(f"[0-9a-f]{{{digits}}}", told(run, name)):
            found.append({"name": name, "digest": {algorithm: told(run, name)}})
    if target := fingerprint(run):
        found.append({"name": "fingerprint", "annotations": target})
    if excluded:
        found.append({"name": "out of scope", "annotations": excluded})
    return found
