"""Decisions in the API's log against the audit log: at the edges of the window nothing is claimed that is not so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from runbook.database.connection import Database
from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.logs import decisions
from runbook.logs.api_log import ApiReport, Made
from runbook.logs.decisions import Agreement, agreement, worth_judging
from runbook.settings import Settings
from tests.logs.given import NOW, WINDOW

NONE = Agreement(NOW, NOW, 0, 0, (), ())


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def agreed(
    monkeypatch: pytest.MonkeyPatch, logged: dict[str, float], entered: dict[str, float], begins: float | None = None
) -> Agreement:
    """With decisions so many minutes ago, and clocks that may be a minute apart. `begins`: the log's first line, where
    it does not reach back beyond the window."""
    report = ApiReport(WINDOW, decisions={id_: Made(ago(minutes), None) for id_, minutes in logged.items()})
    report.read.before = int(begins is None)
    report.read.first = ago(begins if begins is not None else 60)
    asked: list[tuple[datetime, datetime]] = []

    def entries_between(_: object, __: object, since: datetime, until: datetime) -> dict[str, datetime]:
        asked.append((since, until))
        return {id_: ago(minutes) for id_, minutes in entered.items() if since <= ago(minutes) <= until}

    monkeypatch.setattr(decisions, "entries_between", entries_between)
    settings = Settings.model_construct(audit=None)
    return agreement(report, Database(settings, Journal()), settings, 60)


def test_what_stands_on_both_sides_agrees_also_when_the_clocks_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    found = agreed(monkeypatch, {"a": 10, "b": 20}, {"a": 10.9, "b": 19.1})
    assert (found.logged, found.entered, found.without_entry, found.without_line) == (2, 2, (), ())


def test_what_stands_on_one_side_alone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = agreed(monkeypatch, {"a": 10, "c": 30, "b": 20}, {"a": 10, "d": 40})
    assert (found.without_entry, found.without_line) == (("b", "c"), ("d",))


@pytest.mark.parametrize("minutes", [59.5, 0.5])
def test_at_the_edges_of_the_window_nothing_is_missing_yet(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    found = agreed(monkeypatch, {"a": minutes}, {"b": minutes})
    assert (found.without_entry, found.without_line) == ((), ())


def test_a_counterpart_beyond_the_edge_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert agreed(monkeypatch, {"a": 58.9}, {"a": 60.5}).without_entry == ()


def test_what_was_entered_before_the_log_begins_is_not_missing_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert agreed(monkeypatch, {}, {"a": 40}, begins=30).without_line == ()
    assert agreed(monkeypatch, {}, {"a": 40}).without_line == ("a",)


def test_without_any_decision_nothing_is_proved_unless_that_may_be() -> None:
    with pytest.raises(Unverified, match="neither log tells of a decision"):
        worth_judging(NONE, quiet=False)
    assert worth_judging(NONE, quiet=True) is NONE
    assert worth_judging(replace(NONE, entered=1), quiet=False).entered == 1
