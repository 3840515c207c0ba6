"""The matrix as one page that needs nothing else: no network, no script. The verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.pages import template
from runbook.rls.catalog import Relation
from runbook.rls.explain import CONTEXTS, MEANS, path_of
from runbook.rls.findings import Finding, findings
from runbook.rls.matrix import LETTERS, Matrix, Row, Sign
from runbook.rls.matrix_text import SHOWN, facts
from runbook.rls.personas import ANONYMOUS
from runbook.rls.replay import Replay, Replayable, statement
from runbook.rls.statements import COMMANDS
from runbook.rls.wording import WORDS, word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbook.rls.cells import Cell
    from runbook.rls.personas import Persona

LEGEND: tuple[Sign, ...] = ("open", "undecided", "closed", "public", "own", "not", "gained", "lost")
DRIFT: tuple[Sign, Sign] = ("lost", "gained")
SAMPLES: dict[Sign, str] = {**SHOWN, "open": "S", "own": "s"}


def as_html(table: Matrix) -> str:
    """The page. Every text is redacted before it is escaped."""
    page = Replayable(table.seen.settings.secrets()).value(_page(table))
    return template("rls", "matrix.html.jinja").render(page=page) + "\n"


def _page(table: Matrix) -> dict[str, object]:
    languages = table.seen.settings.languages
    open_rows = [row for row in table.rows if row.state == "open"]
    said = {"relations": len(open_rows), "items": len(table.rows), "undecided": table.undecided}
    return {
        "language": languages[0],
        "letters": word(languages[:1], "letters"),
        "title": f"{word(languages, 'title')}: {table.seen.settings.name}",
        "state": table.state,
        "verdict": [
            {"language": language, "text": WORDS[f"verdict {table.state}"][language].format(**said)}
            for language in languages
        ],
        "facts": facts(table),
        "words": {name: word(languages, name) for name, one in WORDS.items() if "{" not in one["en"]},
        "where": [{"name": row.name, "anchor": _anchor(row), "what": _where(row, table.personas)} for row in open_rows],
        "unknown": [{"name": row.name, "anchor": _anchor(row)} for row in table.rows if row.state == "undecided"],
        "personas": [persona.name for persona in table.personas],
        "commands": [{"letter": letter, "name": name} for name, letter in LETTERS.items()],
        "rows": [_row(row, table) for row in table.rows],
        "legend": [{"sign": sign, "letter": SAMPLES[sign], "text": word(languages, sign)} for sign in LEGEND],
        "findings": [
            {
                "name": row.name,
                "anchor": _anchor(row),
                "state": row.state,
                "changes": [
                    {"sign": sign, "letter": SHOWN[sign], "text": f"{', '.join(some)}: {word(languages, sign)}"}
                    for sign, some in zip(DRIFT, row.changes, strict=True)
                    if some
                ],
                "explain": f"runbook rls explain {row.name.partition('(')[0]}",
                "groups": [_group(finding, table.seen.replays.get(row.name, Replay())) for finding in found],
                "placing": _placing(row, found, table),
            }
            for row in table.rows
            if (found := list(findings(row, table))) or row.changes[0] or row.changes[1]
        ],
    }


def _anchor(row: Row) -> str:
    """By the oid: unlike names, these are unique and need no encoding."""
    return f"item-{row.item.oid}"


def _where(row: Row, personas: Sequence[Persona]) -> str:
    """Whom it lets in with what, in one line: commands with the same people together."""
    commands: dict[tuple[str, ...], list[str]] = {}
    for command in COMMANDS:
        who = tuple(persona.name for persona in personas if row.sign(persona.name, command) == "open")
        if who:
            commands.setdefault(who, []).append(command if isinstance(row.item, Relation) else "call")
    return "; ".join(f"{', '.join(done)}: {_people(who, personas)}" for who, done in commands.items())


def _people(who: Sequence[str], personas: Sequence[Persona]) -> str:
    everybody = [persona.name for persona in personas]
    signed_in = [name for name in everybody if name != ANONYMOUS]
    return {tuple(everybody): "EVERYBODY", tuple(signed_in): "everybody signed in"}.get(tuple(who), ", ".join(who))


def _row(row: Row, table: Matrix) -> dict[str, object]:
    inspection = table.seen.inspection
    path = " ".join(path_of(row.item, inspection)) if isinstance(row.item, Relation) else ""
    both = [("other", row.sign, str.upper), ("own", row.own, str.lower)]
    lines = {
        reach: [
            [
                {"sign": sign, "letter": SHOWN.get(sign, case(row.letter(c))), "told": _told(row, p.name, c, reach)}
                for c in COMMANDS
                for sign in [ask(p.name, c)]
            ]
            for p in table.personas
        ]
        for reach, ask, case in both
    }
    named = f"{row.kind}, {row.belonging}" if row.belonging else row.kind
    return {
        "name": row.name,
        "anchor": _anchor(row) if row.state != "closed" or any(row.changes) else None,
        "state": row.state,
        "what": named,
        "path": path,
        **lines,
        "has_own": any(reach == "own" for _, _, reach in row.cells),
    }


def _told(row: Row, persona: str, command: str, reach: str) -> str:
    """What a sign means, for whoever hovers over it or has it read out."""
    cell = next((c for (p, k, r), c in row.cells.items() if (p, k, r) == (persona, command, reach)), None)
    if cell is None:
        return ""
    shown = "OPEN" if reach == "other" and cell.kind == "reached" else cell.kind
    why = cell.reason or cell.control
    return f"{persona}, {command}, {'own event' if reach == 'own' else 'others'}: {shown}" + (
        f" ({why})" if why else ""
    )


def _group(finding: Finding, replay: Replay) -> dict[str, object]:
    return {
        "state": finding.state,
        "text": finding.text,
        "hint": finding.hint,
        "cells": [_cell(cell, replay) for cell in finding.cells],
    }


def _cell(cell: Cell, replay: Replay) -> dict[str, object]:
    told: dict[str, object] = {
        "persona": cell.persona,
        "command": "call" if cell.relation.endswith(")") else cell.command,
        "reach": "own event" if cell.reach == "own" else "others",
        "answer": cell.reason or MEANS[cell.kind],
        "witness": "",
        "sql": "",
        "step": 0,
    }
    if cell.probes:
        probe = cell.probes[0]
        told["witness"] = f"{probe.form}, {CONTEXTS[probe.context]}"
        told["answer"] = f"{probe.said}: {MEANS[probe.kind]}" + (f" ({probe.reason})" if probe.reason else "")
        if probe.sql:
            told["sql"] = statement(probe)
            told["step"] = replay.state(probe, cell.reach)
    return told


def _placing(row: Row, found: list[Finding], table: Matrix) -> list[dict[str, object]]:
    """What has to be pasted first, once for all statements that start from the same rows."""
    replay = table.seen.replays.get(row.name, Replay())
    states = {
        replay.state(probe, cell.reach)
        for finding in found
        for cell in finding.cells
        for probe in cell.probes[:1]
        if probe.sql
    }
    return [{"step": state, "sql": replay.placing(state)} for state in sorted(states)]
