"""The checks of I0 and I2, run as an operator runs them while nothing of the target answers: all hold where everybody
was told and everything recorded, and each turns red when one thing was not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.evidence.record import RECORD
from runbook.inventory import checks_of
from tests.incident.told import ROLES, Desk
from tests.servers import Reply, Server
from tests.warm import pytest_run

ROOT = Path(__file__).parents[2]
RUN_SECONDS = 60
CORS = "checks/health/test_cors.py::test_answer_is_readable_from_the_admin"
FILES = {"I0": "test_escalation.py", "I2": "test_backlog.py"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def outcomes(desk: Desk, folder: Path, clause: str) -> dict[str, dict[str, str]]:
    """The checks of a clause with each outcome, and why; those of the others are out of scope."""
    where = ["--target", desk.file, "--reports", desk.reports, "--incidents", desk.incidents]
    words = [*(f"checks/incident/{file}" for file in FILES.values()), *where, "--incident", folder.name]
    ran = pytest_run(words, {**os.environ, **desk.environment}, RUN_SECONDS)
    [record] = desk.reports.glob(f"*Z-mine-*/{RECORD}")
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        if line["type"] == "check":
            assert (line["outcome"] == "out of scope") == (line["clause"] != clause), ran.stdout
            found.setdefault(line["outcome"], {})[line["check"].rpartition("::")[2]] = str(line["reason"])
    del found["out of scope"]
    return found


def escalated(desk: Desk, *, told: tuple[str, ...] = ROLES, acknowledged: tuple[str, ...] = ROLES) -> Path:
    """A P0 incident of which some were told, and that some have acknowledged."""
    with Server(Reply(200)) as there, Server(Reply(404)) as failing:
        channels = {
            role.split()[0].lower(): {"kind": "json", "role": role, "url": (there if role in told else failing).url}
            for role in ROLES
        }
        desk.configure("deliver_within = 10", **channels)
        folder = desk.open()
        desk.escalate(folder)
    for role in acknowledged:
        desk.acknowledge(folder, "--role", role, "--name", "Ayu")
    return folder


def recorded(desk: Desk, old: str = "", new: str = "", *, record: bool = True) -> Path:
    """A P2 incident from a run; what is violated is in the registry, which somebody then edits."""
    run = desk.ran("20260131T093000Z-theirs", {CORS: "violated"})
    if record:
        assert desk.backlog("record", run.folder).exit_code == 0
        text = desk.registry.read_text(encoding="utf-8")
        assert old in text
        desk.registry.write_text(text.replace(old, new), encoding="utf-8")
    return desk.open("no CORS for Admin", None, run)


def late(desk: Desk) -> Path:
    folder = escalated(desk)
    desk.file.write_text(
        desk.file.read_text(encoding="utf-8").replace("[incidents]", "[incidents]\nask_again_minutes = 1e-9")
    )
    return folder


TOLD = {f"test_role_was_told[{role}]" for role in ROLES}
ACKNOWLEDGED = {f"test_role_acknowledged[{role}]" for role in ROLES}
IN_IT, LABEL, FEATURE = (
    "test_violation_is_in_the_backlog",
    "test_entry_has_label_and_due_date",
    "test_entry_asks_for_no_feature",
)

SCENES: dict[str, tuple[str, Callable[[Desk], Path], set[str]]] = {
    "all were told and have acknowledged": ("I0", escalated, set()),
    "one was not told": (
        "I0",
        lambda desk: escalated(desk, told=ROLES[:1]),
        {f"test_role_was_told[{ROLES[1]}]"},
    ),
    "all were told late": ("I0", late, TOLD),
    "one has not acknowledged": (
        "I0",
        lambda desk: escalated(desk, acknowledged=ROLES[:1]),
        {f"test_role_acknowledged[{ROLES[1]}]"},
    ),
    "it is recorded": ("I2", recorded, set()),
    "it is recorded under another label": ("I2", lambda desk: recorded(desk, "BUGFIX ONLY", "LATER"), {LABEL}),
    "it asks for a feature": ("I2", lambda desk: recorded(desk, '"bugfix"', '"feature"'), {FEATURE}),
}


@pytest.mark.parametrize(("clause", "made", "red"), SCENES.values(), ids=SCENES)
def test_what_is_at_fault_turns_its_check_red_and_no_other(
    desk: Desk, clause: str, made: Callable[[Desk], Path], red: set[str]
) -> None:
    found = outcomes(desk, made(desk), clause)
    every = TOLD | ACKNOWLEDGED if clause == "I0" else {IN_IT, LABEL, FEATURE}
    assert (set(found.get("violated", {})), set(found["held"])) == (red, every - red)
    assert found.keys() <= {"held", "violated"}


def test_what_was_not_recorded_is_missing_and_of_its_entries_nothing_is_known(desk: Desk) -> None:
    found = outcomes(desk, recorded(desk, record=False), "I2")
    assert found["violated"] == {IN_IT: "not in the backlog: answer is readable from the admin"}
    assert found["unverified"].keys() == {LABEL, FEATURE}


def test_every_check_of_these_clauses_has_been_seen_to_fail() -> None:
    seen = {name.partition("[")[0] for _, _, red in SCENES.values() for name in red} | {IN_IT}
    there = {check.rpartition("::")[2] for check in checks_of(ROOT / "checks" / "incident") if _of_these(check)}
    assert seen == there


def _of_these(check: str) -> bool:
    return any(file in check for file in FILES.values())
