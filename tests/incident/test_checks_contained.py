"""The checks of I1, run on a real system with a leak in it: all hold when it was contained and mended as the runbook
asks, and each of them turns red when one thing was not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from runbook.evidence import keys
from runbook.evidence.record import RECORD, Outcome, RunRecord
from runbook.evidence.redact import Redactor
from runbook.incident import changes, containment, policies, sheet, timeline
from runbook.inventory import checks_of
from runbook.settings import Settings
from runbook.settings_file import load
from tests.evidence.written_runs import whole
from tests.incident.told import later
from tests.stack.api_client import system
from tests.test_defects import embedded, matches
from tests.warm import pytest_run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 120
ID = "20260131-1"
FILES = ("test_containment.py", "test_repair.py", "test_evidence.py")
CLOSED = ["GET /enrollments", "table public.enrollments"]
OPEN = ["GET /events", "table public.provinces"]
LEAK = 'alter policy "members read" on public.enrollments using (true)'
CLOSING = "revoke all on public.enrollments from anon, authenticated"
OF_MEMBERS = (
    "using (event_id = (select private.current_event_id()) and (select private.{}(private.current_event_id(){})))"
)
REPAIR = f'alter policy "members read" on public.enrollments {OF_MEMBERS.format("is_member", "")}'


@dataclass
class Scene:
    """An incident of a running system, with the runs that are about it."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def incident(self) -> Path:
        return self.folder / "incidents" / ID

    @property
    def settings(self) -> Settings:
        return load(self.folder / "mine.toml", self.environment)

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.environment["STACK_DATABASE_DSN"]) as connection:
            connection.execute(statement.encode())

    def lists(self, *, closed: list[str], open_: list[str]) -> None:
        """Edit the sheet."""
        (self.incident / sheet.SHEET).unlink()
        sheet.write(self.incident, ID, "enrolments of others are shown", "mine", closed, open_)

    def contain(self) -> None:
        containment.contain(self.incident, self.settings)

    def change(self, *, approved: bool = True) -> None:
        """Record a repair, and have it approved."""
        diff = self.folder / policies.DIFF
        number = len(changes.changes(timeline.read(self.incident))) + 1
        diff.write_text(f"what became of it, {number}", encoding="utf-8")
        by = keys.signer(self.folder / "maker.pem")
        changes.change(self.incident, "policy", "members see their own event again", "", [diff], by)
        if approved:
            changes.approve(self.incident, number, keys.signer(self.folder / "operator.pem"))

    def rls_ran(self, outcome: Outcome = "held") -> None:
        """A run of the RLS checks in which all came to this, as the suite's own writer writes it."""
        later()
        made = whole("rls")
        number = len(list((self.folder / "reports").glob("*-rls-*")))
        record = RunRecord(self.folder / "reports" / f"20260131T093000Z-rls-{number}", Redactor())
        record.write("start", target="mine", sections=["rls"])
        record.write("plan", required=[check.check for check in made.checks])
        for check in made.checks:
            record.check(replace(check, outcome=outcome))
        record.write("verdict", verdict="PASSED" if outcome == "held" else "FAILED", gaps=[])
        record.close()

    def checked(self, *more: str, id_: str | None = ID) -> subprocess.CompletedProcess[str]:
        """Run the checks of I1."""
        where = ["--target", str(self.folder / "mine.toml"), "--reports", str(self.folder / "reports")]
        about = ["--incidents", str(self.folder / "incidents"), *(["--incident", id_] if id_ else [])]
        words = [*(f"checks/incident/{name}" for name in FILES), *where, *about, *more]
        return pytest_run(words, {**os.environ, **self.environment, keys.VARIABLE: ""}, RUN_SECONDS)

    def outcomes(self, *more: str) -> dict[str, tuple[str, str]]:
        """What each check came to, and why."""
        ran = self.checked(*more)
        [record] = (self.folder / "reports").glob(f"*-mine-*/{RECORD}")
        lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        assert lines[0]["incident"] == ID, ran.stdout + ran.stderr
        return {
            str(line["check"]).rpartition("::")[2]: (str(line["outcome"]), str(line["reason"]))
            for line in lines
            if line["type"] == "check"
        }


def begun(folder: Path, environment: Mapping[str, str]) -> Scene:
    """An incident that was opened because of a leak, and contained."""
    public = {name: keys.new(folder / f"{name}.pem") for name in ("maker", "operator")}
    head, _, tail = embedded(folder).partition("[start]")
    document = head.replace('backend = "embedded"', 'backend = "live"').replace('name = "embedded"', 'name = "mine"')
    document += tail[tail.index("[api]") :]
    document += f'\n[people.operator]\nname = "Ayu"\nrole = "System Operator"\nkey = "{public["operator"]}"\n'
    (folder / "mine.toml").write_text(document, encoding="utf-8")
    scene = Scene(folder, environment)
    scene.sql(LEAK)
    scene.incident.mkdir(parents=True)
    sheet.write(scene.incident, ID, "enrolments of others are shown", "mine", CLOSED, OPEN)
    timeline.begin(scene.incident, title="enrolments", severity="P1", clauses=["R4"], run=None, record=None)
    scene.contain()
    scene.sql(CLOSING)
    return scene


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scene]]:
    """One running system with its incident at two stages: contained, and mended."""
    with system() as running:
        contained = begun(tmp_path_factory.mktemp("contained"), running.environment)
        mended = Scene(tmp_path_factory.mktemp("here") / "mended", running.environment)
        shutil.copytree(contained.folder, mended.folder)
        mended.sql(REPAIR)
        mended.change()
        mended.rls_ran()
        yield {"contained": contained, "mended": mended}


def copied(scene: Scene, folder: Path) -> Scene:
    shutil.copytree(scene.folder, folder, dirs_exist_ok=True)
    return Scene(folder, scene.environment)


@dataclass(frozen=True)
class Fault:
    """One thing that was not done as the runbook asks, and exactly the checks that turn red."""

    what: str
    done: Callable[[Scene], None]
    red: tuple[str, ...]
    unverified: tuple[str, ...] = ()
    undone: str = ""
    stage: str = "mended"

    def __str__(self) -> str:
        return self.what


def another_change(scene: Scene) -> None:
    scene.change(approved=False)
    scene.rls_ran()


def edited(scene: Scene) -> None:
    scene.lists(closed=[*CLOSED, "GET /decisions"], open_=OPEN)


def misspelt(scene: Scene) -> None:
    scene.lists(closed=[*CLOSED, "GET /enrolments"], open_=[*OPEN, "GET /nowhere"])
    scene.contain()


def touched(scene: Scene) -> None:
    with (scene.incident / policies.BEFORE).open("ab") as file:
        file.write(b"\n")


HAS_ROLE = """
create or replace function private.has_role(event uuid, variadic roles text[]) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.event_members as member
        where member.event_id = has_role.event
          and member.user_id = (select auth.uid()){}
    )
$$
"""
ROLES_COMPARED = "\n          and member.role = any (has_role.roles)"
AUDIT = 'alter policy "organizers read" on public.audit_log using ({})'
FAULTS = [
    Fault(
        "still open to participants",
        lambda scene: scene.sql(
            f"grant select on public.enrollments to authenticated; {REPAIR.partition(' using')[0]} "
            + OF_MEMBERS.format("has_role", ", 'participant'")
        ),
        (
            "test_path_is_closed[table public.enrollments participant]",
            *(
                f"test_path_is_closed[GET /enrollments {who}]"
                for who in ("organizer", "assessor", "participant", "both")
            ),
        ),
        undone=f"{CLOSING}; {REPAIR}",
    ),
    Fault(
        "closed what should stay open",
        lambda scene: scene.sql("revoke select on public.provinces from anon, authenticated"),
        ("test_path_stays_open[table public.provinces]", "test_nothing_else_was_changed"),
        undone="grant select on public.provinces to anon, authenticated",
    ),
    Fault(
        "paths misspelt",
        misspelt,
        ("test_path_stays_open[GET /nowhere]",),
        ("test_path_is_closed[GET /enrolments *]",),
    ),
    Fault(
        "a function of the policy opened more",
        lambda scene: scene.sql(HAS_ROLE.format("")),
        ("test_nothing_was_widened",),
        undone=HAS_ROLE.format(ROLES_COMPARED),
    ),
    Fault(
        "another table repaired too",
        lambda scene: scene.sql(AUDIT.format("false")),
        ("test_nothing_else_was_changed",),
        undone=AUDIT.format(OF_MEMBERS.format("has_role", ", 'organizer'").removeprefix("using (").removesuffix(")")),
    ),
    Fault("sheet edited afterwards", edited, ("test_sheet_is_the_one_that_was_contained",)),
    Fault("nobody approved", another_change, ("test_repair_was_approved",)),
    Fault("RLS not verified since", lambda scene: scene.change(), ("test_rls_was_verified_after_the_last_change",)),
    Fault(
        "RLS violated since", lambda scene: scene.rls_ran("violated"), ("test_rls_was_verified_after_the_last_change",)
    ),
    Fault("evidence touched", touched, ("test_evidence_is_whole",)),
    Fault(
        "repaired and not recorded",
        lambda scene: None,
        ("test_repair_was_approved",),
        ("test_rls_was_verified_after_the_last_change",),
        stage="contained",
    ),
    Fault(
        "nothing listed",
        lambda scene: scene.lists(closed=[], open_=[]),
        (
            "test_path_is_closed[no-path-listed]",
            "test_path_stays_open[no-path-listed]",
            "test_sheet_is_the_one_that_was_contained",
            "test_nothing_else_was_changed",
        ),
    ),
]


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "workers"])
def test_all_hold_when_it_was_contained_and_mended(
    stages: dict[str, Scene], more: tuple[str, ...], tmp_path: Path
) -> None:
    outcomes = copied(stages["mended"], tmp_path).outcomes(*more)
    assert {name: told for name, told in outcomes.items() if told[0] != "held"} == {}
    assert {name.partition("[")[0] for name in outcomes} == NAMES
    assert "test_path_is_closed[GET /enrollments nobody]" in outcomes
    assert "test_path_is_closed[table public.enrollments outsider]" in outcomes


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_turns_exactly_its_checks_red(stages: dict[str, Scene], fault: Fault, tmp_path: Path) -> None:
    scene = copied(stages[fault.stage], tmp_path)
    try:
        fault.done(scene)
        outcomes = scene.outcomes()
    finally:
        if fault.undone:
            scene.sql(fault.undone)
    for outcome, patterns in (("violated", fault.red), ("unverified", fault.unverified)):
        observed = {name: reason for name, (came_to, reason) in outcomes.items() if came_to == outcome}
        declared = {name for name in outcomes for pattern in patterns if matches(pattern, name)}
        assert (observed.keys() - declared, declared - observed.keys()) == (set(), set()), (outcome, observed)
        assert all(any(matches(pattern, name) for name in outcomes) for pattern in patterns)


NAMES = {
    check.rpartition("::")[2]
    for check in checks_of(ROOT / "checks" / "incident")
    if check.rpartition("::")[0].rpartition("/")[2] in FILES
}


def test_every_check_has_a_fault() -> None:
    assert {re.sub(r"\[.*", "", pattern) for fault in FAULTS for pattern in fault.red} == NAMES


def test_an_incident_of_another_severity_needs_no_containment(stages: dict[str, Scene], tmp_path: Path) -> None:
    scene = copied(stages["contained"], tmp_path)
    with timeline.held(scene.incident) as book:
        book.add("severity", severity="P0", why="nobody can sign in")
    scene.lists(closed=[], open_=[])
    assert set(scene.outcomes().values()) == {("out of scope", "this incident is P0")}


@pytest.mark.parametrize(
    ("id_", "told"),
    [(None, rf"which incident\? pytest checks/incident --incident=ID; .* has {ID}"), ("20260131-2", f"there is {ID}")],
)
def test_the_incident_has_to_be_named(stages: dict[str, Scene], id_: str | None, told: str, tmp_path: Path) -> None:
    scene = copied(stages["contained"], tmp_path)
    ran = scene.checked(id_=id_)
    assert (ran.returncode, list(scene.folder.glob("reports/*"))) == (4, [])
    assert re.search(told, ran.stderr)


def test_an_incident_of_another_target_is_refused(stages: dict[str, Scene], tmp_path: Path) -> None:
    scene = copied(stages["contained"], tmp_path)
    text = (scene.incident / sheet.SHEET).read_text(encoding="utf-8")
    (scene.incident / sheet.SHEET).write_text(text.replace('"mine"', '"theirs"'), encoding="utf-8")
    ran = scene.checked()
    assert ran.returncode == 4
    assert f"{ID} is an incident of theirs, and the settings are of mine" in ran.stderr
