"""The checks of A1 to A4, run as they are run after an incident: all hold where everything was done and written down,
and exactly one turns red for each thing that was not. What is missing also shows in the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runbook.errors import EvidenceError
from runbook.evidence import keys
from runbook.evidence.record import RECORD, RunRecord
from runbook.evidence.redact import Redactor
from runbook.evidence.run import Run, read
from runbook.incident import changes, timeline
from runbook.incident.aftermath import close, recovery, runs
from runbook.incident.report import write
from runbook.incident.sheet import SHEET
from tests.evidence.written_runs import whole
from tests.incident.told import Desk, later
from tests.warm import pytest_run

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 60
SENTENCE = "Somebody wrote down in a sentence what was to be written."
EMPTY = {"what": 'what = ""', "impact": 'impact = ""', "documents": 'not_needed = ""'}


class After:
    """A desk whose incident is over, and what can be done and written down in it."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.made_by = folder / "made-by.pem"
        keys.new(self.made_by)
        self.approved_by = self.desk.person("budi", "Governance")
        self.folder = self.desk.open("The guard is open", None, self.ran("1-found", "H2"))

    def ran(self, name: str, violated: str = "") -> Run:
        """A run of health and RLS in which everything held, but for one clause."""
        checks = [
            replace(one, outcome="violated", reason="no") if one.clause == violated else one
            for one in whole("health", "rls").checks
        ]
        later()
        record = RunRecord(self.desk.reports / name, Redactor())
        record.write("start", target="mine", sections=["health", "rls"])
        record.write("plan", required=[one.check for one in checks])
        for one in checks:
            record.check(one)
        record.write("verdict", verdict="FAILED" if violated else "PASSED", gaps=[])
        record.close()
        return read(record.path.parent)

    def change(self, what: changes.What = "policy", *, approve: bool = True) -> None:
        """Something was changed."""
        later()
        evidence = self.desk.folder / "repair.sql"
        evidence.write_text("drop policy p on t;\n", encoding="utf-8")
        changes.change(self.folder, what, SENTENCE, "p", [evidence], keys.signer(self.made_by))
        if approve:
            changes.approve(self.folder, len(changes.changes(self.incident)), keys.signer(self.approved_by))

    def write(self, *left_out: str) -> None:
        """Fill in the sheet."""
        path = self.folder / SHEET
        text = path.read_text(encoding="utf-8")
        for name, line in EMPTY.items():
            assert line in text
            if name not in left_out:
                text = text.replace(line, line.replace('""', f'"{SENTENCE}"'))
        path.write_text(text, encoding="utf-8")

    def resolve(self) -> None:
        """It is over."""
        with timeline.held(self.folder) as book:
            book.add("resolved", text=SENTENCE)

    @property
    def incident(self) -> timeline.Incident:
        """As it stands."""
        return timeline.read(self.folder)

    def verified(self) -> dict[str, list[str]]:
        """The checks by their outcome."""
        where = ["--target", self.desk.file, "--reports", self.desk.reports, "--incidents", self.desk.incidents]
        words = ["checks/post_incident", *where, "--incident", self.folder.name]
        ran = pytest_run(words, {**os.environ, **self.desk.environment}, RUN_SECONDS)
        [record] = self.desk.reports.glob(f"*Z-mine-*/{RECORD}")
        found: dict[str, list[str]] = {}
        for line in map(json.loads, record.read_text(encoding="utf-8").splitlines()):
            if line["type"] == "check":
                found.setdefault(line["outcome"], []).append(line["check"].rpartition("::")[2])
        assert ran.returncode == (1 if "violated" in found else 0), ran.stdout
        return found


def everything(after: After) -> None:
    after.change()
    after.ran("2-proved")
    after.resolve()
    after.write()


@pytest.fixture
def after(tmp_path: Path) -> After:
    return After(tmp_path)


def test_all_holds_where_everything_was_done_and_written_down(after: After) -> None:
    everything(after)
    assert after.verified().keys() == {"held"}
    assert close(after.folder, after.desk.reports).endswith(tuple("0123456789"))
    assert after.incident.state == "closed"
    with pytest.raises(EvidenceError, match="is closed: open another incident"):
        after.resolve()
    sheet = after.folder / SHEET
    sheet.write_text(
        sheet.read_text(encoding="utf-8").replace(SENTENCE, "Nothing happened at all, to nobody."), "utf-8"
    )
    with pytest.raises(EvidenceError, match=r"was edited after .* closed the incident"):
        timeline.read(after.folder)


def test_what_was_not_proved_is_not_closed(after: After) -> None:
    everything(after)
    with pytest.raises(EvidenceError, match="no run has proved since its last step that all is done"):
        close(after.folder, after.desk.reports)


def _no_what(after: After) -> None:
    after.change()
    after.ran("2-proved")
    after.resolve()
    after.write("what")


def _no_impact(after: After) -> None:
    after.change()
    after.ran("2-proved")
    after.resolve()
    after.write("impact")


def _no_documents(after: After) -> None:
    after.change()
    after.ran("2-proved")
    after.resolve()
    after.write("documents")


def _not_resolved(after: After) -> None:
    after.change()
    after.ran("2-proved")
    after.write()


def _evidence_gone(after: After) -> None:
    everything(after)
    (after.folder / "evidence" / "1-repair.sql").unlink()


def _evidence_edited(after: After) -> None:
    everything(after)
    (after.folder / "evidence" / "1-repair.sql").write_text("", encoding="utf-8")


def _not_approved(after: After) -> None:
    after.change(approve=False)
    after.ran("2-proved")
    after.resolve()
    after.write()


def _changed_after_the_proof(after: After) -> None:
    after.change()
    after.ran("2-proved")
    after.change()
    after.resolve()
    after.write()


def _failed_since(after: After) -> None:
    everything(after)
    after.ran("3-again", "H1")


def _no_change(after: After) -> None:
    after.ran("2-proved")
    after.resolve()
    after.write()


def _never_recovered(after: After) -> None:
    after.change()
    after.ran("2-not-yet", "H2")
    after.resolve()
    after.write()


AGAIN = [
    "test_section_was_validated_after_the_last_change[health]",
    "test_section_was_validated_after_the_last_change[rls]",
]
AT_FAULT: dict[str, tuple[Callable[[After], None], list[str]]] = {
    "what happened is not written": (_no_what, ["test_summary_says[what]"]),
    "the impact is not written": (_no_impact, ["test_summary_says[impact]"]),
    "nothing is said of the documents": (_no_documents, ["test_documents_were_changed_or_need_not_be"]),
    "nobody has resolved it": (_not_resolved, ["test_incident_is_resolved"]),
    "evidence is gone": (_evidence_gone, ["test_change_has_its_evidence[1 policy]"]),
    "evidence was edited": (_evidence_edited, ["test_change_has_its_evidence[1 policy]"]),
    "nobody has approved": (_not_approved, ["test_changes_are_approved"]),
    "changed after it was proved": (_changed_after_the_proof, AGAIN),
    "failed again since": (_failed_since, AGAIN),
    "no change is recorded": (_no_change, ["test_change_has_its_evidence[no-change]", "test_changes_are_listed"]),
    "never proved again": (_never_recovered, ["test_time_to_recovery_is_known", *AGAIN]),
}


@pytest.mark.parametrize(("at_fault", "red"), AT_FAULT.values(), ids=AT_FAULT)
def test_exactly_what_is_missing_turns_red(after: After, at_fault: Callable[[After], None], red: list[str]) -> None:
    at_fault(after)
    assert sorted(after.verified()["violated"]) == sorted(red)


def test_the_time_to_recovery_is_from_the_first_violated_run_to_the_first_proof(after: After) -> None:
    after.change()
    after.ran("2-not-yet", "H2")
    after.ran("3-proved")
    after.ran("4-proved")
    found = recovery(after.incident, runs(after.desk.reports, "mine"))
    assert found.violated is not None
    assert found.recovered is not None
    assert (found.violated.name, found.recovered.name) == ("1-found", "3-proved")
    assert found.time is not None
    assert found.time > timedelta(0)


def test_whoever_made_a_change_cannot_approve_it(after: After) -> None:
    after.change(approve=False)
    with pytest.raises(EvidenceError, match="this key made the change"):
        changes.approve(after.folder, 1, keys.signer(after.made_by))
    stranger = after.desk.folder / "stranger.pem"
    keys.new(stranger)
    changes.approve(after.folder, 1, keys.signer(stranger))
    [told] = changes.unapproved(after.incident, after.desk.settings)
    assert "of nobody who may approve" in told


def test_an_approval_of_another_change_does_not_count(after: After) -> None:
    after.change()
    after.change(approve=False)
    first, second = changes.changes(after.incident)
    [approval] = after.folder.glob(f"approval-{first.digest[:16]}-*")
    approval.rename(approval.with_name(approval.name.replace(first.digest[:16], second.digest[:16])))
    told = changes.unapproved(after.incident, after.desk.settings)
    assert len(told) == 2
    assert "approves another change" in told[1]


def test_a_change_says_what_it_is_and_shows_it(after: After) -> None:
    for text, evidence, told in (("", [after.made_by], "say what was changed"), (SENTENCE, [], "needs a file")):
        with pytest.raises(EvidenceError, match=told):
            changes.change(after.folder, "code", text, "", evidence, None)
    changes.change(after.folder, "nothing", SENTENCE, "", [], None)
    assert [made.what for made in changes.changes(after.incident)] == ["nothing"]
    assert changes.unapproved(after.incident, after.desk.settings) == []


def test_the_report_tells_all_of_it_in_both_languages(after: After) -> None:
    everything(after)
    secret = after.desk.environment["RUNBOOK_PASSWORD"]
    with timeline.held(after.folder) as book:
        book.add("note", text=f"<script>alert('{secret}')</script> | a pipe")
    markdown, page = write(after.incident, after.desk.reports, after.desk.settings, after.desk.registry)
    for path in (markdown, page):
        text = path.read_text(encoding="utf-8")
        assert secret not in text
        assert "<script>" not in text
        for told in (
            "The guard is open",
            SENTENCE,
            "H2",
            "1-found",
            "2-proved",
            "evidence/1-repair.sql",
            "approved by",
        ):
            assert told in text
        assert "Ringkasan" in text
        assert "Time to recovery" in text or "time to recovery" in text
        [made] = changes.changes(after.incident)
        assert made.evidence["evidence/1-repair.sql"] in text
    assert "NOT WRITTEN YET" not in markdown.read_text(encoding="utf-8")


def test_the_report_says_what_is_missing(after: After) -> None:
    after.change(approve=False)
    (after.folder / "evidence" / "1-repair.sql").unlink()
    for path in write(after.incident, after.desk.reports, after.desk.settings, after.desk.registry):
        text = path.read_text(encoding="utf-8")
        for told in ("NOT WRITTEN YET", "not yet", "evidence/1-repair.sql is gone", "nobody has approved it"):
            assert told in text


def test_several_people_add_at_once_and_nothing_is_lost(after: After) -> None:
    command = [str(Path(sys.executable).with_name("runbook")), "incident", "note", after.folder.name]
    where = ["--incidents", str(after.desk.incidents)]
    people = [subprocess.Popen([*command, f"note {number}", *where]) for number in range(6)]
    assert [person.wait(RUN_SECONDS) for person in people] == [0] * 6
    assert sorted(str(one["text"]) for one in after.incident.of("note")) == [f"note {number}" for number in range(6)]


def test_a_timeline_that_was_edited_is_refused(after: After) -> None:
    after.resolve()
    path = after.folder / timeline.TIMELINE
    path.write_bytes(path.read_bytes().replace(b'"H2"', b'"H3"'))
    result = after.desk.invoke("incident", "report", after.folder.name, "--incidents", after.desk.incidents)
    assert result.exit_code == 2
    assert "the timeline only grows: restore it" in result.output
