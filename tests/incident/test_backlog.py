"""The Backlog Registry: a P2 violation once, with its label and due date, closed by the run that holds; no feature."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from runbook.errors import EvidenceError, Unverified
from runbook.evidence.record import RECORD, Outcome
from runbook.evidence.run import Run
from runbook.incident import backlog, timeline
from runbook.incident.registry import LABEL, entries_in, fingerprint_of, read, written
from tests.incident.told import Desk, today
from tests.servers import Behaviour, Reply, Server

CORS = "checks/health/test_cors.py::test_answer_is_readable_from_the_admin"
ADMIN = "checks/health/test_admin.py::test_no_cors_error"
RLS = "checks/health/test_database.py::test_rls_is_on"
OK = Reply(200)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_violated_p2_check_is_an_entry_once_whatever_its_parameters(desk: Desk) -> None:
    run = desk.ran("first", {CORS: "violated", RLS: "violated"}, each=3)
    said = desk.backlog("record", run.folder)
    assert said.exit_code == 0, said.output
    [entry] = desk.entries()
    assert run.ended is not None
    assert (entry.clause, entry.check, entry.label) == ("H3", CORS, LABEL)
    assert (entry.title, entry.kind) == ("answer is readable from the admin", "bugfix")
    assert (entry.opened, entry.due, entry.run) == (run.ended, run.ended.date() + timedelta(days=14), "first")
    assert entry.fingerprint == fingerprint_of("mine", "H3", CORS)
    before = desk.registry.read_bytes()
    again = desk.backlog("record", desk.ran("second", {CORS: "violated"}).folder)
    assert "nothing new" in again.output
    assert desk.registry.read_bytes() == before


def test_it_is_closed_by_the_first_run_that_holds_and_opened_again_by_one_that_does_not(desk: Desk) -> None:
    desk.configure("due_days = 3")
    for name in ("broken", "mended", "mended too", "broken again"):
        run = desk.ran(name, {CORS: "violated"} if "broken" in name else {})
        desk.backlog("record", run.folder)
        [entry] = desk.entries()
        if "mended" in name:
            assert (entry.closed_by, entry.is_open) == ("mended", False)
    assert run.ended is not None
    assert (entry.is_open, entry.closed_by, entry.run) == (True, None, "broken again")
    assert (entry.reopened, entry.due) == (run.ended, run.ended.date() + timedelta(days=3))
    assert entry.opened < run.ended


NOT_CLOSING: dict[str, Callable[[Desk], Run]] = {
    "a case is violated": lambda desk: desk.ran("later", {f"{CORS}[item 1]": "violated"}, each=2),
    "a case is unverified": lambda desk: desk.ran("later", {f"{CORS}[item 1]": "unverified"}, each=2),
    "it is waived": lambda desk: desk.ran("later", {CORS: "waived"}),
    "it is out of scope": lambda desk: desk.ran("later", {CORS: "out of scope"}),
    "a case was not run": lambda desk: desk.ran("later", not_run=[f"{CORS}[item 9]"]),
    "another check was not run": lambda desk: desk.ran("later", not_run=[f"{ADMIN}[item 9]"]),
}


@pytest.mark.parametrize("later", NOT_CLOSING.values(), ids=NOT_CLOSING)
def test_a_run_that_does_not_prove_it_closes_nothing(desk: Desk, later: Callable[[Desk], Run]) -> None:
    desk.backlog("record", desk.ran("broken", {CORS: "violated"}).folder)
    assert desk.backlog("record", later(desk).folder).exit_code == 0
    assert [entry.is_open for entry in desk.entries()] == [True]


def test_an_older_run_has_no_say_about_a_newer_entry(desk: Desk) -> None:
    good, bad, better = desk.ran("good"), desk.ran("bad", {CORS: "violated"}), desk.ran("better")
    desk.backlog("record", bad.folder)
    desk.backlog("record", good.folder)
    assert [entry.is_open for entry in desk.entries()] == [True]
    desk.backlog("record", better.folder)
    desk.backlog("record", bad.folder)
    assert [entry.closed_by for entry in desk.entries()] == ["better"]


def test_a_run_of_another_target_or_without_an_end_is_refused(desk: Desk) -> None:
    other = desk.backlog("record", desk.ran("other", {CORS: "violated"}, target="theirs").folder)
    killed = desk.backlog("record", desk.ran("killed", {CORS: "violated"}, ended=False).folder)
    assert (other.exit_code, killed.exit_code, desk.registry.exists()) == (2, 2, False)
    assert "other is a run of theirs, not of mine" in other.stderr
    assert "killed did not come to its end" in killed.stderr


def test_targets_share_a_registry_and_close_their_own(desk: Desk) -> None:
    desk.backlog("record", desk.ran("broken", {CORS: "violated"}).folder)
    desk.file.write_text(desk.file.read_text(encoding="utf-8").replace('name = "mine"', 'name = "theirs"'))
    desk.backlog("record", desk.ran("theirs", {CORS: "violated", ADMIN: "violated"}, target="theirs").folder)
    desk.backlog("record", desk.ran("theirs mended", target="theirs").folder)
    assert [(entry.target, entry.is_open) for entry in desk.entries()] == [
        ("mine", True),
        ("theirs", False),
        ("theirs", False),
    ]


def test_a_due_date_may_be_moved_by_hand(desk: Desk) -> None:
    desk.backlog("record", desk.ran("broken", {CORS: "violated"}).folder)
    [entry] = desk.entries()
    moved = desk.registry.read_text(encoding="utf-8").replace(f"due = {entry.due}", "due = 2999-12-31")
    desk.registry.write_text(moved, encoding="utf-8")
    assert desk.backlog("record", desk.ran("more", {CORS: "violated", ADMIN: "violated"}).folder).exit_code == 0
    first, _ = desk.entries()
    assert str(first.due) == "2999-12-31"


REFUSED = {
    "a feature": ('kind = "bugfix"', 'kind = "feature"', "entry.0.kind: must be 'bugfix': no feature"),
    "another label": ("(BUGFIX ONLY)", "(FEATURE)", f"entry.0.label: must be {LABEL!r}"),
    "a wish for a title": ("answer is readable", "a dark page that is readable", "entry.0.title: must be 'answer is"),
    "a check that nobody has": (f'check = "{CORS}"', 'check = "x::test_dark_mode"', "H3 of the runbook has no x::test"),
    "another clause": ('clause = "H3"', 'clause = "H9"', "entry.0.fingerprint: is not that of"),
    "no due date": ("due = ", "#due = ", "entry.0.due: is missing"),
    "an unknown key": ('kind = "bugfix"', 'kind = "bugfix"\nwish = "dark"', "entry.0.wish: unknown key"),
    "no check": ("check = ", "#check = ", "entry.0.check: is missing"),
    "a comment": ("[[entry]]", "# mine\n[[entry]]", "line 4 is not as `runbook backlog record` writes it"),
    "a merge that is not done": ("[[entry]]", "<<<<<<< HEAD\n[[entry]]", "is not valid TOML"),
}


@pytest.mark.parametrize(("old", "new", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_may_not_stand_there_is_refused_and_left_as_it_is(desk: Desk, old: str, new: str, fault: str) -> None:
    desk.backlog("record", desk.ran("broken", {CORS: "violated"}).folder)
    text = desk.registry.read_text(encoding="utf-8")
    assert text.count(old) == 1
    desk.registry.write_text(text.replace(old, new), encoding="utf-8")
    before = desk.registry.read_bytes()
    refused = desk.backlog("record", desk.ran("more", {ADMIN: "violated"}).folder)
    assert (refused.exit_code, fault in refused.stderr) == (2, True), refused.stderr
    assert desk.registry.read_bytes() == before


def test_an_entry_that_stands_twice_is_refused(desk: Desk) -> None:
    desk.backlog("record", desk.ran("broken", {CORS: "violated"}).folder)
    text = desk.registry.read_text(encoding="utf-8")
    desk.registry.write_text(text + "\n" + text[text.index("[[entry]]") :], encoding="utf-8")
    assert "entry.1.fingerprint: stands at entry.0 already" in desk.backlog("list").stderr


def test_an_incident_s_violations_are_looked_up_in_the_very_run_that_found_it(desk: Desk) -> None:
    run = desk.ran("broken", {CORS: "violated", ADMIN: "violated", RLS: "violated"})
    incident = timeline.read(desk.open("no CORS", None, run))
    found = backlog.found_by(incident, desk.reports)
    assert backlog.missing(incident, found, desk.entries()) == ["no cors error", "answer is readable from the admin"]
    desk.backlog("record", run.folder)
    assert backlog.missing(incident, found, desk.entries()) == []
    with pytest.raises(Unverified, match="is not in"):
        backlog.found_by(incident, desk.folder)
    (run.folder / RECORD).write_bytes((run.folder / RECORD).read_bytes().replace(b'"held"', b'"waived"'))
    with pytest.raises(Unverified, match="is not what it was"):
        backlog.found_by(incident, desk.reports)


def test_what_was_closed_before_an_incident_is_not_its_entry(desk: Desk) -> None:
    broken = desk.ran("broken", {CORS: "violated"})
    for run in (broken, desk.ran("mended")):
        desk.backlog("record", run.folder)
    incident = timeline.read(desk.open("no CORS again", None, desk.ran("broken again", {CORS: "violated"})))
    found = backlog.found_by(incident, desk.reports)
    assert backlog.missing(incident, found, desk.entries()) == ["answer is readable from the admin"]


@pytest.mark.parametrize("outcomes", [None, {RLS: "violated"}], ids=["no run", "a run without a P2 violation"])
def test_an_incident_that_no_run_shows_is_not_looked_up(desk: Desk, outcomes: dict[str, Outcome] | None) -> None:
    run = desk.ran("broken", outcomes) if outcomes else None
    incident = timeline.read(desk.open("a wrong word", "P2", run))
    with pytest.raises(Unverified, match="no run shows" if run is None else "violates no P2 check"):
        backlog.found_by(incident, desk.reports)


def test_there_is_no_command_that_adds_an_entry(desk: Desk) -> None:
    assert desk.backlog("add", "dark mode").exit_code == 2
    assert not desk.registry.exists()


def test_what_is_written_is_read_as_it_was(desk: Desk) -> None:
    run = desk.ran('a "name" \\ \x7f \u2028 \U0001f600', {CORS: "violated", ADMIN: "violated"})
    assert backlog.record(desk.registry, desk.settings, run)
    entries = read(desk.registry)
    assert [entry.run for entry in entries] == [run.folder.name] * 2
    assert written(entries) == desk.registry.read_text(encoding="utf-8")


def told(server: Server) -> list[tuple[str, str]]:
    return [(said["event"], said["check"]) for said in (json.loads(request.body) for request in server.requests)]


def test_the_webhook_gets_each_change_once(desk: Desk) -> None:
    with Server(OK) as server:
        desk.environment["RUNBOOK_BACKLOG_URL"] = f"{server.url}/very-secret"
        desk.configure('deliver_within = 5\nbacklog_url = { env = "RUNBOOK_BACKLOG_URL" }')
        for name in ("broken", "broken still", "mended", "broken again"):
            said = desk.backlog("record", desk.ran(name, {CORS: "violated"} if "broken" in name else {}).folder)
            assert (said.exit_code, "very-secret" in said.output) == (0, False)
    assert told(server) == [("opened", CORS), ("closed", CORS), ("reopened", CORS)]
    first = json.loads(server.requests[0].body)
    assert (first["label"], first["target"], first["due"]) == (LABEL, "mine", str(desk.entries()[0].due)[:10])
    assert "unsent" not in desk.registry.read_text(encoding="utf-8")


@pytest.mark.parametrize("behaviour", [Reply(500), Reply(404), "silence"], ids=str)
def test_what_the_webhook_did_not_take_is_told_loudly_and_told_again(desk: Desk, behaviour: Behaviour) -> None:
    broken = desk.ran("broken", {CORS: "violated", ADMIN: "violated"})
    with Server(behaviour) as server:
        desk.environment["RUNBOOK_BACKLOG_URL"] = server.url
        desk.configure('deliver_within = 0.3\nbacklog_url = { env = "RUNBOOK_BACKLOG_URL" }')
        said = desk.backlog("record", broken.folder)
    assert said.exit_code == 3
    assert said.stderr.count("NOT TOLD to incidents.backlog_url") == 2
    assert [entry.unsent for entry in desk.entries()] == ["opened", "opened"]
    with Server(OK) as server:
        desk.environment["RUNBOOK_BACKLOG_URL"] = server.url
        desk.configure('deliver_within = 5\nbacklog_url = { env = "RUNBOOK_BACKLOG_URL" }')
        assert desk.backlog("record", broken.folder).exit_code == 0
        assert sorted(told(server)) == [("opened", ADMIN), ("opened", CORS)]
        assert desk.backlog("record", broken.folder).exit_code == 0
        assert len(server.requests) == 2


def test_the_list_tells_loudly_what_is_overdue(desk: Desk) -> None:
    assert desk.backlog("list").output == "0 open, 0 overdue, 0 in all\n"
    desk.backlog("record", desk.ran("broken", {CORS: "violated", ADMIN: "violated"}).folder)
    fine = desk.backlog("list")
    assert (fine.exit_code, "2 open, 0 overdue, 2 in all" in fine.output) == (0, True)
    yesterday = today().date() - timedelta(days=1)
    text = desk.registry.read_text(encoding="utf-8")
    desk.registry.write_text(text.replace(f"due = {desk.entries()[0].due}", f"due = {yesterday}", 1), encoding="utf-8")
    late = desk.backlog("list")
    assert (late.exit_code, "2 open, 1 overdue, 2 in all" in late.output) == (1, True)
    assert late.output.splitlines()[0].startswith(f"OVERDUE {yesterday}  H3")
    desk.backlog("record", desk.ran("mended").folder)
    assert desk.backlog("list").exit_code == 0


def test_a_registry_that_cannot_be_written_is_told_and_left_as_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.backlog("record", desk.ran("broken", {CORS: "violated"}).folder)
    before = desk.registry.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    more = desk.ran("more", {ADMIN: "violated"})
    monkeypatch.setattr(os, "fsync", full)
    said = desk.backlog("record", more.folder)
    assert (said.exit_code, "cannot be written (No space left on device)" in said.stderr) == (2, True)
    assert desk.registry.read_bytes() == before
    assert [path.name for path in desk.folder.glob(".backlog.toml.*")] == [".backlog.toml.lock"]


def test_two_at_once_lose_nothing(desk: Desk) -> None:
    checks = [CORS, ADMIN, CORS.replace("answer", "refusal"), ADMIN.replace("cors", "script")]
    runs, failed = [desk.ran(str(number), {check: "violated"}) for number, check in enumerate(checks)], []

    def one(number: int) -> None:
        try:
            backlog.record(desk.registry, desk.settings, runs[number])
        except EvidenceError as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert {entry.check for entry in entries_in(desk.registry)} == set(checks)
    assert [path.name for path in desk.folder.glob(".backlog.toml.*")] == [".backlog.toml.lock"]
