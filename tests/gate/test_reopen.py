"""`runbook reopen` opens by a verdict that is fresh, whole, approved by two others, and of this very target; once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from runbook.evidence import envelope, keys, ledger
from runbook.evidence.chain import digest
from tests.documents import VARIABLES
from tests.gate.conftest import HELD, Gate


def approve(gate: Gate, *people: str) -> list[Result]:
    return [gate.invoke("approve", gate.verdict, by=person) for person in people]


def reopen(gate: Gate, verdict: Path | None = None, by: str = "runner") -> Result:
    return gate.invoke("reopen", verdict or gate.verdict, "--target", gate.settings, by=by)


def opened(gate: Gate) -> bool:
    return (gate.folder / "opened").exists()


def test_two_others_approve_and_access_is_opened_once(proved: Gate) -> None:
    assert [result.exit_code for result in approve(proved, "operator", "governance")] == [0, 0]
    result = reopen(proved)
    assert (result.exit_code, result.stdout) == (0, "OPENED command_exit_code=0\n"), result.stderr
    assert opened(proved)
    assert proved.verify().exit_code == 0
    kinds = [line["type"] for line in ledger.read(proved.reports).entries]
    assert kinds == ["run", "verdict", "approval", "approval", "reopening", "opened"]
    (proved.folder / "opened").unlink()
    again = reopen(proved)
    assert (again.exit_code, again.stdout) == (3, "REFUSED\n")
    assert "it counts once" in again.stderr
    assert not opened(proved)


def test_one_approval_is_not_enough_and_the_missing_role_is_named(proved: Gate) -> None:
    approve(proved, "operator")
    assert "not approved by Governance" in reopen(proved).stderr
    assert not opened(proved)


def test_who_ran_the_gate_cannot_approve(proved: Gate) -> None:
    [result] = approve(proved, "runner")
    assert result.exit_code == 2
    assert "somebody else's has to approve" in result.stderr


def test_a_strangers_approval_counts_for_nothing(proved: Gate) -> None:
    approve(proved, "operator", "stranger")
    result = reopen(proved)
    assert "nobody's of [people]" in result.stderr
    assert "not approved by Governance" in result.stderr
    assert not opened(proved)


def test_a_stranger_cannot_reopen(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    assert "nobody's of [people]" in reopen(proved, by="stranger").stderr
    assert not opened(proved)


def test_one_key_under_two_names_is_refused_with_the_settings(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    twin = f'\n[people.twin]\nname = "Twin"\nrole = "Governance"\nkey = "{proved.public["operator"]}"\n'
    proved.configure(twin)
    result = reopen(proved)
    assert result.exit_code == 2
    assert "two people need two keys" in result.stderr


def test_one_persons_approval_counts_for_one_role_only(proved: Gate) -> None:
    approve(proved, "operator")
    [first] = proved.verdict.parent.glob("approval-*.json")
    shutil.copy(first, first.with_name("approval-0000000000000000.json"))
    proved.configure(**{'"Governance"]': '"System Operator"]'})
    assert "not approved by System Operator" in reopen(proved).stderr
    assert not opened(proved)


def test_only_what_passed_can_be_approved(gate: Gate) -> None:
    gate.check(HELD + "@clause('H1')\ndef test_open():\n    assert False\n")
    gate.decide()
    [result] = approve(gate, "operator")
    assert result.exit_code == 2
    assert "is FAILED, and only what PASSED can be approved" in result.stderr


def test_a_verdict_of_another_profile_does_not_open(proved: Gate) -> None:
    verdict = proved.verdict
    assert proved.decide("deploy").exit_code == 0
    assert proved.verdict != verdict
    approve(proved, "operator", "governance")
    assert "is PASSED for deploy; it takes PASSED for reopen" in reopen(proved).stderr
    assert not opened(proved)


def test_a_verdict_does_not_stay_fresh(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    proved.configure(**{"fresh_minutes = 600": "fresh_minutes = 0.0001"})
    assert "run the gate again" in reopen(proved).stderr
    assert not opened(proved)


CHANGES_OF_THE_TARGET = {
    "a policy": "create policy late on public.events using (true)",
    "a grant": "grant truncate on public.events to anon",
    "a role": "alter role anon bypassrls",
    "a function": "create function public.late() returns int language sql as 'select 1'",
    "a migration": "insert into supabase_migrations.schema_migrations (version) values ('99999999999999')",
}


@pytest.mark.parametrize("change", CHANGES_OF_THE_TARGET.values(), ids=CHANGES_OF_THE_TARGET)
def test_a_target_that_changed_is_not_opened(proved: Gate, change: str) -> None:
    approve(proved, "operator", "governance")
    proved.sql(change)
    try:
        result = reopen(proved)
    finally:
        proved.sql("alter role anon nobypassrls")
    assert "the target changed after it was verified" in result.stderr
    assert not opened(proved)


def test_another_database_is_not_opened(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    proved.dsn = proved.dsn.replace("/gate?", "/postgres?")
    assert "the target changed after it was verified" in reopen(proved).stderr
    assert not opened(proved)


def test_another_target_is_not_opened(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    proved.configure(**{'name = "mine"': 'name = "other"'})
    assert "the verdict is of mine, not of other" in reopen(proved).stderr
    assert not opened(proved)


def copied(gate: Gate) -> Path:
    """The whole run under another name."""
    other = gate.run.folder.with_name("20991231T000000Z-mine-1")
    shutil.copytree(gate.run.folder, other)
    return other / "gate" / "verdict.json"


def edited(gate: Gate) -> Path:
    verdict = gate.verdict
    verdict.write_bytes(verdict.read_bytes().replace(b'"sig":"A', b'"sig":"B').replace(b'"sig":"', b'"sig":"A', 1))
    return verdict


def signed_anew(gate: Gate) -> Path:
    """By a stranger, with another time."""
    verdict = gate.verdict
    old = envelope.read(verdict, ledger.type_of("verdict"))
    verdict.unlink()
    said = {name: value for name, value in old.predicate.items() if name != "key"}
    envelope.write(verdict, ledger.type_of("verdict"), said, old.subjects, keys.signer(gate.keys["stranger"]))
    return verdict


def signed_by_an_approver(gate: Gate) -> Path:
    """Over the run of somebody else, who may then approve it."""
    verdict = gate.verdict
    old = envelope.read(verdict, ledger.type_of("verdict"))
    verdict.unlink()
    said = {name: value for name, value in old.predicate.items() if name not in ("key", "at", "ledger")}
    with ledger.held(gate.reports) as book:
        book.enter("verdict", verdict, said, old.subjects, keys.signer(gate.keys["operator"]))
    return verdict


def without_a_violation(gate: Gate) -> Path:
    """A line of the record is gone."""
    record = gate.run.folder / "run.jsonl"
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(lines[:-2] + lines[-1:]))
    return gate.verdict


def without_its_line(gate: Gate) -> Path:
    path = gate.reports / ledger.LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if json.loads(line)["type"] != "verdict"))
    return gate.verdict


def another_artifact(gate: Gate) -> Path:
    (gate.run.folder / "junit.xml").write_text("<testsuites/>", encoding="utf-8")
    return gate.verdict


@pytest.mark.parametrize(
    "tamper",
    [copied, edited, signed_anew, signed_by_an_approver, without_a_violation, without_its_line, another_artifact],
    ids=lambda f: f.__name__,
)
def test_evidence_that_was_touched_opens_nothing(proved: Gate, tamper: Callable[[Gate], Path]) -> None:
    approve(proved, "operator", "governance")
    result = reopen(proved, tamper(proved))
    assert result.exit_code in (2, 3)
    assert not opened(proved)
    assert proved.verify().exit_code == 1


def test_who_sealed_the_run_is_who_ran_it_whoever_signed_the_verdict(proved: Gate) -> None:
    signed_by_an_approver(proved)
    approve(proved, "runner", "governance")
    assert "not signed by the one who sealed the run" in reopen(proved).stderr
    assert not opened(proved)


def test_of_two_who_reopen_at_once_one_is_refused(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    proved.configure(
        **{
            "Path('opened').touch()": "open('opened', 'a').write('x')",
        }
    )
    program = Path(sys.executable).with_name("runbook")
    command = [str(part) for part in (program, "reopen", proved.verdict, "--target", proved.settings)]
    environment = {**os.environ, **VARIABLES, "RUNBOOK_DSN": proved.dsn, "RUNBOOK_KEY": str(proved.keys["runner"])}
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert told == ["OPENED command_exit_code=0\n", *["REFUSED\n"] * 3]
    assert (proved.folder / "opened").read_text(encoding="utf-8") == "x"


def test_a_command_that_fails_is_told(proved: Gate) -> None:
    approve(proved, "operator", "governance")
    proved.configure(
        **{
            "from pathlib import Path; Path('opened').touch()": "exit(7)",
        }
    )
    result = reopen(proved)
    assert (result.exit_code, result.stdout) == (7, "NOT OPENED command_exit_code=7\n")


def test_without_a_command_there_is_nothing_to_run(proved: Gate) -> None:
    document = proved.settings.read_text(encoding="utf-8")
    lines = [line for line in document.splitlines() if not line.startswith("reopen = [")]
    proved.settings.write_text("\n".join(lines), encoding="utf-8")
    result = reopen(proved)
    assert result.exit_code == 2
    assert "gate.reopen names no command" in result.stderr


def test_a_digest_is_what_scripts_and_people_can_compare(proved: Gate) -> None:
    signed = envelope.read(proved.verdict, ledger.type_of("verdict"))
    [result] = approve(proved, "operator")
    assert f"approved verdict={signed.digest} " in result.stdout
    [approval] = proved.verdict.parent.glob("approval-*.json")
    assert envelope.read(approval, ledger.type_of("approval")).subjects == {
        "verdict.json": digest(proved.verdict.read_bytes())
    }
