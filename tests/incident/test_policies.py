"""What became of the policies: what else was changed, what was widened, and the diff; secrets are not kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from runbook.cli import main
from runbook.errors import EvidenceError
from runbook.evidence.chain import digest
from runbook.incident import sheet, timeline
from runbook.incident.policies import BEFORE, DIFF, Kept, beside, changed, diff, keep, read, widened
from runbook.settings_file import load
from stack.postgres import Server
from tests.documents import VARIABLES
from tests.rls_targets import Make, Target, maker, serving

STATE = {
    "policies": {"public.notes: members read": "permissive select using private.is_member(event_id)"},
    "relations": {"public.notes": "table, RLS on", "public.other": "table, RLS on"},
    "grants": {"public.notes: authenticated": "select", "schema public: anon": "usage"},
    "roles": {"anon": "inherits"},
    "functions": {"private.is_member(event uuid)": "body 1", "public.stats()": "body 1"},
}
ACCESS = {
    "public.notes": {"member": {"select own": "reached", "select other": "reached", "insert own": "refused"}},
    "public.other": {"member": {"select own": "blind", "select other": "hidden"}},
}
THEN = Kept("mine", "2026-01-31T09:30:00+00:00", STATE, {"public.stats()": "select 1"}, ACCESS)
CLOSED = ["GET /notes", "table public.notes"]


def after(kind: str = "policies", /, **entries: str | None) -> Kept:
    """The target with entries of one kind changed; None takes one away."""
    state = {name: dict(those) for name, those in STATE.items()}
    for name, text in entries.items():
        if text is None:
            del state[kind][name]
        else:
            state[kind][name] = text
    return replace(THEN, state=state)


def reaching(relation: str, persona: str, command: str, kind: str) -> Kept:
    """The repaired target, with one cell of its access as given."""
    access = {name: {who: dict(told) for who, told in those.items()} for name, those in ACCESS.items()}
    access.setdefault(relation, {}).setdefault(persona, {})[command] = kind
    return replace(after(**{"public.notes: members read": "repaired"}), access=access)


def test_what_is_affected_may_change_and_so_may_what_its_policies_call() -> None:
    for found in (
        after(**{"public.notes: members read": "repaired"}),
        after(**{"public.notes: members read": None}),
        after(**{"public.notes: new": "permissive"}),
        after("grants", **{"public.notes: authenticated": None}),
        after("relations", **{"public.notes": "table, RLS on, forced"}),
        after("functions", **{"private.is_member(event uuid)": "body 2"}),
    ):
        assert changed(THEN, found) != {}
        assert beside(THEN, found, CLOSED) == {}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (after(**{"public.other: new": "permissive"}), {"public.other": ["policies new: public.other: new"]}),
        (
            after("grants", **{"schema public: anon": None}),
            {"schema public": ["grants gone: schema public: anon"]},
        ),
        (after("roles", anon="superuser"), {"role anon": ["roles changed: anon"]}),
        (
            after("functions", **{"public.stats()": "body 2"}),
            {"public.stats()": ["functions changed: public.stats()"]},
        ),
        (after("relations", **{"public.notes_2": "table"}), {"public.notes_2": ["relations new: public.notes_2"]}),
    ],
    ids=["policy", "grant", "role", "function", "relation"],
)
def test_whatever_else_is_changed_is_told(found: Kept, told: dict[str, list[str]]) -> None:
    assert beside(THEN, found, CLOSED) == told


def test_a_function_that_is_listed_is_affected() -> None:
    found = after("functions", **{"public.stats()": "body 2"})
    assert beside(THEN, found, [*CLOSED, "function public.stats()"]) == {}


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (("public.notes", "member", "insert own", "reached"), (["member: insert own on public.notes"], [])),
        (("public.other", "member", "select other", "reached"), (["member: select other on public.other"], [])),
        (("public.notes", "guest", "select own", "reached"), (["guest: select own on public.notes"], [])),
        (("public.other", "member", "select own", "reached"), ([], ["member: select own on public.other"])),
        (("public.notes", "member", "insert own", "blind"), ([], ["member: insert own on public.notes"])),
        (("public.other", "member", "select own", "hidden"), ([], [])),
        (("public.notes", "member", "select other", "hidden"), ([], [])),
    ],
    ids=["own", "other", "somebody new", "was not known", "is not known", "narrower", "repaired"],
)
def test_more_than_before_is_widened_and_what_is_not_known_is_said(
    cell: tuple[str, str, str, str], told: tuple[list[str], list[str]]
) -> None:
    unknown = ["member: select own on public.other"] if cell[:3] != ("public.other", "member", "select own") else []
    more, not_known = told
    assert widened(THEN, reaching(*cell)) == (more, sorted(not_known + unknown))


def test_where_nothing_was_changed_nothing_is_widened() -> None:
    assert (widened(THEN, THEN), diff(THEN, THEN)) == (([], []), "")


def test_the_diff_shows_policies_access_and_definitions_line_by_line() -> None:
    found = replace(
        reaching("public.notes", "member", "select other", "hidden"), definitions={"public.stats()": "select 2"}
    )
    lines = diff(THEN, found).splitlines()
    assert "-policies public.notes: members read: permissive select using private.is_member(event_id)" in lines
    assert "+policies public.notes: members read: repaired" in lines
    assert "-access public.notes: member: select other, select own" in lines
    assert "+access public.notes: member: select own" in lines
    assert {"-    select 1", "+    select 2"} <= set(lines)


def test_what_was_kept_and_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for text in ("", "{}", "[]", json.dumps({**vars_of(THEN), "version": 2})):
        (tmp_path / BEFORE).write_text(text, encoding="utf-8")
        with pytest.raises(EvidenceError):
            read(tmp_path / BEFORE)


def vars_of(kept: Kept) -> dict[str, object]:
    return {name: getattr(kept, name) for name in ("target", "at", "state", "definitions", "access")}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving("policies") as started:
        yield started


@pytest.fixture
def make(server: Server, tmp_path: Path) -> Make:
    return maker(server, tmp_path)


def invoke(target: Target, *arguments: str | Path) -> str:
    """A command about an incident, which succeeds."""
    result = CliRunner().invoke(
        main,
        ["incident", *map(str, arguments), "--target", str(target.settings)],
        env={**VARIABLES, "RUNBOOK_DSN": target.dsn},
    )
    assert result.exit_code == 0, result.output
    return result.output


SECRET = f"create function public.hook() returns text language sql as $$ select '{VARIABLES['RUNBOOK_PASSWORD']}' $$"


def test_the_commands_keep_what_was_there_and_show_what_became_of_it(make: Make, tmp_path: Path) -> None:
    target = make(sql=SECRET)
    folder = tmp_path / "incidents" / "20260131-1"
    folder.mkdir(parents=True)
    sheet.write(folder, folder.name, "a leak", "mine", ["table public.sessions"], ["table public.provinces"])
    timeline.begin(folder, severity="P1")
    where = ("20260131-1", "--incidents", folder.parent)
    assert "pytest checks/incident --incident=20260131-1" in invoke(target, "contain", *where)
    [contained] = timeline.read(folder).of("contained")
    assert contained["digest"] == digest((folder / BEFORE).read_bytes())
    assert VARIABLES["RUNBOOK_PASSWORD"] not in (folder / BEFORE).read_text(encoding="utf-8")
    assert invoke(target, "diff", *where) == "nothing was changed\n"
    repaired = 'alter policy "members read" on public.sessions using (false)'
    target.psql(repaired)
    shown = invoke(target, "diff", *where)
    assert (folder / DIFF).read_text(encoding="utf-8") == shown
    assert [line for line in shown.splitlines() if line.startswith("+policies")] == [
        "+policies public.sessions: members read: permissive select to authenticated using false"
    ]
    assert "-access public.sessions: participant: select own" in shown
    assert "+access public.sessions: participant: none" in shown


def test_nothing_that_was_kept_is_overwritten(make: Make, tmp_path: Path) -> None:
    (tmp_path / BEFORE).write_text("kept", encoding="utf-8")
    target = make()
    with pytest.raises(EvidenceError, match="is there already"):
        keep(tmp_path, BEFORE, load(target.settings, {**VARIABLES, "RUNBOOK_DSN": target.dsn}))
    assert (tmp_path / BEFORE).read_text(encoding="utf-8") == "kept"
