"""`runbook break-glass` opens without proof: by somebody, with a reason, for a while, and never quietly."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result

from runbook.evidence import ledger
from runbook.gate.break_glass import Broken
from tests.gate.conftest import Gate

WHY = "The exam hall is waiting and RLS cannot be proved before noon."


def break_glass(gate: Gate, why: str = WHY, hours: str = "2", by: str = "operator") -> Result:
    told = ["--reason", why, "--hours", hours]
    return gate.invoke("break-glass", "--target", gate.settings, "--reports", gate.reports, *told, by=by)


def test_it_opens_and_says_so(gate: Gate) -> None:
    result = break_glass(gate)
    assert (result.exit_code, result.stdout) == (0, "OPENED WITHOUT PROOF command_exit_code=0\n")
    assert (gate.folder / "opened").exists()
    assert [line["type"] for line in ledger.read(gate.reports).entries] == ["break-glass"]


def test_every_later_report_repeats_it_until_a_verdict_opens(gate: Gate) -> None:
    break_glass(gate)
    for _ in range(2):
        result = gate.decide("reopen")
        assert "BREAK-GLASS in force: Operator (System Operator) opened access without proof" in result.stderr
        assert WHY in result.stderr
        assert WHY in str(gate.run.start["alarms"])
        assert WHY in gate.run.folder.with_suffix(".html").read_text(encoding="utf-8")
    verified = gate.verify()
    assert verified.exit_code == 0
    assert f"BREAK-GLASS: {WHY}" in verified.stdout
    for person in ("operator", "governance"):
        gate.invoke("approve", gate.verdict, by=person)
    assert gate.invoke("reopen", gate.verdict, "--target", gate.settings).exit_code == 0
    assert "BREAK-GLASS" not in gate.decide("reopen").stderr
    assert gate.run.start["alarms"] == []


def test_the_summary_of_a_run_begins_and_ends_with_it(gate: Gate, capfd: pytest.CaptureFixture[str]) -> None:
    break_glass(gate)
    gate.decide()
    shown = " ".join(capfd.readouterr().err.split())
    assert shown.count("BREAK-GLASS in force") == 2


def test_when_its_time_is_over_it_is_louder() -> None:
    now = datetime.now(UTC)
    over = Broken(now - timedelta(hours=3), now - timedelta(hours=1), "Ayu (Governance)", WHY)
    assert over.text.startswith("BREAK-GLASS EXPIRED, and nothing was proved since: Ayu (Governance)")


def test_it_cannot_be_taken_out_quietly(gate: Gate) -> None:
    break_glass(gate)
    gate.decide()
    [folder] = gate.reports.glob("*-break-glass-*")
    shutil.rmtree(folder)
    assert "its folder is gone" in gate.verify().stdout
    gate.decide()
    assert "BREAK-GLASS or a re-opening that cannot be read" in str(gate.run.start["alarms"])


REFUSED = {
    "no reason to speak of": ({"why": "urgent"}, "takes a sentence"),
    "for ever": ({"hours": "1000"}, "24 at most"),
    "for no time": ({"hours": "0"}, "more than 0"),
    "nobody's key": ({"by": "stranger"}, "nobody's of [people]"),
}


@pytest.mark.parametrize(("how", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_opens_nothing(gate: Gate, how: dict[str, str], told: str) -> None:
    result = break_glass(gate, **how)
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (gate.folder / "opened").exists()
    assert not gate.reports.exists()
