"""Waivers: what is right is read; what is malformed, expired, unknown or there twice is told before anything runs."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbook.clauses import clauses
from runbook.errors import SettingsError
from runbook.settings_file import load
from runbook.settings_gate import Waiver
from runbook.waivers import idle, known_names, names_of, waiver_of, waivers_in
from tests.documents import LIVE, VARIABLES

ROOT = Path(__file__).parents[1]
CHECK = "checks/health/test_cors.py::test_preflight_refuses_a_foreign_origin"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
FIELDS = {
    "waives": '"H3"',
    "reason": '"Admin moves to another host"',
    "owner": '"Sari"',
    "expires": SOON.isoformat().replace("+00:00", "Z"),
}


def waiver(**changed: str | None) -> str:
    """One waiver as it stands in a file; None leaves a field out."""
    fields = {**FIELDS, **changed}
    return "[[waiver]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items() if value is not None)


def test_waivers_stand_beside_the_settings(tmp_path: Path) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text(LIVE, encoding="utf-8")
    assert load(settings, VARIABLES).waivers == ()
    (tmp_path / "mine.waivers.toml").write_text(waiver() + waiver(waives=f'"{CHECK}[null]"'), encoding="utf-8")
    [first, second] = load(settings, VARIABLES).waivers
    assert (first.waives, first.owner, first.expires) == ("H3", "Sari", SOON)
    assert second.waives == f"{CHECK}[null]"


def test_settings_hold_none_themselves(tmp_path: Path) -> None:
    settings = tmp_path / "mine.toml"
    settings.write_text(f"{LIVE}\n{waiver().replace('[[waiver]]', '[[waivers]]')}", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"waivers: stand in a file of their own beside this one"):
        load(settings, VARIABLES)


BAD = {
    "no reason": (waiver(reason=None), "waiver.0.reason: is missing"),
    "hardly a reason": (waiver(reason='"later"'), "waiver.0.reason: string should have at least 10 characters"),
    "no owner": (waiver(owner=None), "waiver.0.owner: is missing"),
    "no expiry": (waiver(expires=None), "waiver.0.expires: is missing"),
    "no time zone": (waiver(expires="2999-01-31T00:00:00"), "waiver.0.expires: "),
    "another time zone": (waiver(expires=f"{SOON:%Y-%m-%dT%H:%M:%S}+07:00"), "waiver.0.expires: must be in UTC"),
    "expired": (waiver(expires="2026-01-31T00:00:00Z"), "waiver.0.expires: has expired: ask Sari for a new one"),
    "for ever": (waiver(expires="2999-01-31T00:00:00Z"), "waiver.0.expires: is more than 366 days away"),
    "an unknown clause": (waiver(waives='"H9"'), "waiver.0.waives: H9 is neither a check nor a clause"),
    "an unknown check": (waiver(waives='"test_nothing"'), "waiver.0.waives: test_nothing is neither"),
    "twice": (waiver() + waiver(), "waiver.1.waives: H3 is waived by waiver.0 already"),
    "an unknown key": (waiver(until='"later"'), "waiver.0.until: unknown key"),
    "a misspelt part": (waiver().replace("waiver]]", "waver]]"), "waver: unknown key; did you mean 'waiver'?"),
    "no TOML": ("[[waiver]\n", "is not valid TOML"),
}


@pytest.mark.parametrize(("text", "fault"), BAD.values(), ids=BAD)
def test_a_waiver_that_is_none_is_told(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "mine.waivers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        waivers_in(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert fault in str(raised.value)


@pytest.mark.parametrize("waives", ["H3", CHECK, f"{CHECK}[null]", CHECK.rpartition("::")[2], "H1"])
def test_a_check_falls_under_a_waiver_by_clause_function_and_parameter(tmp_path: Path, waives: str) -> None:
    path = tmp_path / "mine.waivers.toml"
    path.write_text(waiver(waives=f'"{waives}"'), encoding="utf-8")
    found = waiver_of(f"{CHECK}[null]", "H3", waivers_in(path))
    assert (found is not None) == (waives != "H1")
    assert waiver_of("checks/health/test_admin.py::test_no_cors_error", "H3", waivers_in(path)) == (
        found if waives == "H3" else None
    )


def test_a_waiver_for_no_check_that_there_is_is_told_for_its_section_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.waivers.toml"
    path.write_text(waiver(waives=f'"{CHECK}[gone]"'), encoding="utf-8")
    waivers = waivers_in(path)
    assert list(idle(waivers, [f"{CHECK}[null]"], ["health"])) == [
        f"a waiver is for no check that there is: {CHECK}[gone]"
    ]
    assert list(idle(waivers, [f"{CHECK}[gone]"], ["health"])) == []
    assert list(idle(waivers, [f"{CHECK}[null]"], ["rls"])) == []


def test_every_check_goes_by_known_names() -> None:
    for clause in clauses().values():
        for check in clause.checks:
            assert {name.partition("[")[0] for name in names_of(f"{check}[a [b] c]", clause.id)} <= known_names()


def test_the_example_in_the_documents_is_one() -> None:
    text = (ROOT / "docs" / "after-a-deploy.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(\[\[waiver\]\].*?)```", text, re.DOTALL)
    [entry] = tomllib.loads(example)["waiver"]
    assert Waiver.model_validate(entry).waives in known_names()
