"""The runbook's clauses: each has its wording, its severity and its procedure, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbook.clauses import Clause, clauses, of_section
from runbook.inventory import checks_of

CLAUSES = list(clauses().values())
HEALTH = {"H1": "P0", "H2": "P1", "H3": "P2", "H4": "P0", "H5": "P1"}
CHECKS = Path(__file__).parents[1] / "checks"


def test_the_healthcheck_has_the_runbook_s_clauses_with_its_severities_in_its_order() -> None:
    assert [(clause.id, clause.severity) for clause in of_section("health")] == list(HEALTH.items())


def test_no_section_of_another_name_has_clauses() -> None:
    assert of_section("") == []
    assert of_section("nowhere") == []


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_a_clause_is_complete(clause: Clause) -> None:
    assert clauses()[clause.id] is clause
    assert re.fullmatch(r"[A-Z]\d+", clause.id)
    assert clause.severity in ("P0", "P1", "P2")
    assert clause.layer in ("api", "admin", "database", "procedure")
    assert clause.section in {folder.name for folder in CHECKS.iterdir()}


def test_clauses_name_exactly_the_checks_that_there_are() -> None:
    named = [check for clause in CLAUSES for check in clause.checks]
    there = [
        check for section in sorted({clause.section for clause in CLAUSES}) for check in checks_of(CHECKS / section)
    ]
    assert sorted(named) == sorted(there)
    for clause in CLAUSES:
        for file in {check.partition("::")[0] for check in clause.checks}:
            assert f'clause("{clause.id}")' in (CHECKS.parent / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
@pytest.mark.parametrize("part", ["wording", "remedy"])
def test_a_clause_is_worded_in_both_languages_in_whole_sentences(clause: Clause, part: str) -> None:
    texts = {"wording": clause.wording, "remedy": clause.remedy}[part]
    assert texts.keys() == {"id", "en"}
    assert texts["id"] != texts["en"]
    for text in texts.values():
        assert re.fullmatch(r"[A-Z].{20,}\.", text)
        assert text == " ".join(text.split())


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_a_procedure_opens_the_incident_of_its_severity_and_names_the_same_one_in_both_languages(
    clause: Clause,
) -> None:
    named = {language: re.findall(r"\bP[012]\b", text) for language, text in clause.remedy.items()}
    assert named["id"] == named["en"]
    if clause.severity != "P2":
        assert named["en"][0] == clause.severity


def test_no_two_clauses_say_the_same() -> None:
    texts = [text for clause in CLAUSES for text in (*clause.wording.values(), *clause.remedy.values())]
    assert len(set(texts)) == len(texts)
