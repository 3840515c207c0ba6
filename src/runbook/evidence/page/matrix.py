"""Who reaches what is another event's, as the checks of access saw it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from runbook.evidence.page.text import View, cut
from runbook.evidence.summary import parameter

if TYPE_CHECKING:
    from runbook.evidence.run import Run

STRANGERS_FILE = "checks/rls/test_exposure.py"
FILES = ("checks/rls/test_isolation.py", STRANGERS_FILE)
COMMANDS = ("select", "insert", "update", "delete", "move")
ANSWERS = {
    "reached": ("r", "✕"),
    "blind": ("b", "?"),
    "hidden": ("h", "○"),
    "refused": ("f", "■"),
    "not granted": ("g", "—"),
}
"""How each answer of the database looks: its class and its sign."""

COMMANDS_SHOWN = 8
PERSONAS_SHOWN = 16
RELATIONS_SHOWN = 300
RELATIONS_APART = 60
"""A few relations are read best one by one; of hundreds, only what differs tells anything."""
NAMED_TOGETHER = 4

Answers = dict[tuple[str, str], str]
"""What the database answered, by persona and command."""


def matrix(run: Run) -> View | None:
    """Relation by relation; those of which the same is known stand in one row. None where no access was checked."""
    checks = [check for check in {**dict.fromkeys(run.required), **run.checks} if check.startswith(FILES)]
    if not checks:
        return None
    strangers_first = sorted(checks, key=lambda check: not check.startswith(STRANGERS_FILE))
    everybody = list(dict.fromkeys(who for check in strangers_first for _, told in _seen(run, check) for who in told))
    relations, unproved = _relations(run, checks, everybody)
    found = {command for answers in relations.values() for _, command in answers}
    commands = [*COMMANDS, *sorted(found - {*COMMANDS})][:COMMANDS_SHOWN]
    personas = everybody[:PERSONAS_SHOWN]
    alike: dict[tuple[str, frozenset[tuple[tuple[str, str], str]]], list[str]] = {}
    for relation, answers in relations.items():
        state = _state(answers, relation in unproved)
        alike.setdefault((state, frozenset(answers.items())), []).append(relation)
    apart = len(relations) <= RELATIONS_APART
    rows = [
        (state, names, dict(told))
        for (state, told), together in alike.items()
        for names in ([[name] for name in together] if apart or state == "open" else [together])
    ]
    rows.sort(key=lambda row: (("open", "undecided", "closed").index(row[0]), row[1][0]))
    return {
        "personas": [cut(name) for name in personas],
        "more_personas": len(everybody) - len(personas),
        "commands": [cut(command) for command in commands],
        "rows": [
            {
                "state": state,
                "name": cut(names[0]),
                "others": [cut(name) for name in names[1:NAMED_TOGETHER]],
                "more": len(names) - NAMED_TOGETHER,
                "cells": [[_cell(answers, persona, command) for command in commands] for persona in personas],
            }
            for state, names, answers in rows[:RELATIONS_SHOWN]
        ],
        "more": sum(len(names) for _, names, _ in rows[RELATIONS_SHOWN:]),
    }


def _seen(run: Run, check: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The commands that a check tried, and what each persona was answered."""
    for fact in run.checks[check].observation if check in run.checks else ():
        if fact.get("kind") == "rls":
            told = {name: str(answer) for name, answer in fact.items() if name not in ("kind", "command")}
            yield str(fact.get("command")), told


def _relations(run: Run, checks: Sequence[str], everybody: Iterable[str]) -> tuple[dict[str, Answers], set[str]]:
    """The answers of each relation, and the relations of which something stayed open."""
    answers: dict[str, Answers] = defaultdict(dict)
    unproved: set[str] = set()
    ends = {*COMMANDS, *everybody, "anonymous", "outsider"}
    for check in checks:
        relation = _relation(check, ends)
        if relation in ("", "nothing-read", "no-function"):
            continue
        if check not in run.checks or run.checks[check].outcome in ("violated", "unverified"):
            unproved.add(relation)
        found = answers[relation]
        for command, told in _seen(run, check):
            found |= {(name, command): answer for name, answer in told.items()}
    return answers, unproved


def _relation(check: str, ends: set[str]) -> str:
    """What a check of access is about: its parameter without the command or the persona at its end."""
    about = parameter(check)
    before, _, last = about.rpartition(" ")
    return before if before and last in ends else about


def _state(answers: Answers, unproved: bool) -> str:
    kinds = {answer.partition(";")[0] for answer in answers.values()}
    if "reached" in kinds:
        return "open"
    return "undecided" if unproved or not kinds <= ANSWERS.keys() - {"blind"} else "closed"


def _cell(answers: Answers, persona: str, command: str) -> View | None:
    answer = answers.get((persona, command))
    if answer is None:
        return None
    kind = answer.partition(";")[0]
    kind = kind if kind in ANSWERS else "blind"
    class_, sign = ANSWERS[kind]
    return {"class": class_, "sign": sign, "kind": kind, "told": cut(f"{persona}, {command}: {answer}")}
