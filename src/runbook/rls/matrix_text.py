"""The matrix for a terminal or a file: capital letters where it is open, so that no colour is needed to see it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import click

from runbook.rls.findings import findings
from runbook.rls.matrix import LETTERS, Matrix, Row, Sign, State
from runbook.rls.replay import Replayable
from runbook.rls.statements import COMMANDS
from runbook.rls.wording import WORDS, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NARROWEST = 60
SHORTEST_NAME = 24
LONGEST_PERSONA = 11
TITLE = len(LETTERS)
MARKS: dict[State, str] = {"open": "OPEN", "undecided": "?", "closed": ""}
SHOWN: dict[Sign, str] = {
    "undecided": "?",
    "closed": "·",
    "public": "p",
    "not": "-",
    "gained": "+",
    "lost": "!",
    "unknown": "?",
    "none": " ",
}
STYLES: dict[Sign, dict[str, object]] = {
    "open": {"fg": "white", "bg": "red", "bold": True},
    "undecided": {"fg": "black", "bg": "yellow"},
    "unknown": {"fg": "black", "bg": "yellow"},
    "closed": {"dim": True},
    "not": {"dim": True},
    "public": {"fg": "cyan"},
    "gained": {"fg": "magenta", "bold": True},
    "lost": {"fg": "magenta", "bold": True},
}
TONES: dict[State, dict[str, object]] = {
    "open": {"fg": "white", "bg": "red", "bold": True},
    "undecided": {"fg": "black", "bg": "yellow", "bold": True},
    "closed": {"fg": "green", "bold": True},
}


def as_text(table: Matrix, width: int) -> Iterator[str]:
    """The lines, styled; at most `width` wide where the number of personas allows it."""
    clean = Replayable(table.seen.settings.secrets()).text
    return map(clean, _lines(table, max(width, NARROWEST), clean))


def _lines(table: Matrix, width: int, clean: Callable[[str], str]) -> Iterator[str]:
    yield from verdict(table, width)
    yield ""
    names = [persona.name for persona in table.personas]
    longest = _widest_persona(names, width)
    columns = [max(min(len(name), longest), TITLE) for name in names]
    wanted = max(len(row.name) for row in table.rows) if table.rows else 0
    space = max(min(wanted, width - 6 - sum(columns) - 2 * len(columns)), SHORTEST_NAME)
    titles = "  ".join(f"{middle(name, size):{size}}" for name, size in zip(names, columns, strict=True))
    letters = "  ".join(f"{''.join(LETTERS.values()):{size}}" for size in columns)
    yield click.style(f"{'':{space + 6}}{titles}".rstrip(), bold=True)
    yield click.style(f"{'':{space + 6}}{letters}".rstrip(), dim=True)
    for row in table.rows:
        mark = f"{MARKS[row.state]:4}"
        styled = _styled(mark, TONES[row.state]) if row.state != "closed" else mark
        signs = "  ".join(_signs(row, name, size) for name, size in zip(names, columns, strict=True))
        yield f"{styled} {click.style(f'{middle(clean(row.name), space):{space}}', bold=True)} {signs}".rstrip()
        if any(reach == "own" for _, _, reach in row.cells):
            what = middle(f"{row.kind}, {row.belonging}" if row.belonging else row.kind, space - 6)
            own = "  ".join(_owns(row, name, size) for name, size in zip(names, columns, strict=True))
            label = click.style(f"  {what:{space - 6}} {'own':>3}", dim=True)
            yield f"{'':4} {label} {own}".rstrip()
        else:
            yield click.style(f"{'':4}   {row.kind}", dim=True)
    yield ""
    yield from _findings(table, width, clean)
    yield from _legend(table, width)


def verdict(table: Matrix, width: int) -> Iterator[str]:
    """What it comes to, and of what."""
    seen = table.seen
    open_rows = sum(row.state == "open" for row in table.rows)
    for language in seen.settings.languages:
        said = WORDS[f"verdict {table.state}"][language]
        text = said.format(relations=open_rows, items=len(table.rows), undecided=table.undecided)
        yield _styled(text, TONES[table.state])
    yield from wrap(" · ".join(facts(table)), width, break_long_words=False, break_on_hyphens=False)


def facts(table: Matrix) -> list[str]:
    """The head line: what was looked at, when, and how much of it is known."""
    seen = table.seen
    languages = seen.settings.languages
    approved = table.baseline
    return [
        f"{seen.settings.name} ({seen.settings.severity})",
        f"{seen.at.replace('T', ' ').removesuffix('+00:00')} UTC",
        seen.server,
        word(languages[-1:], table.witness),
        f"{len(seen.cells)} {word(languages[-1:], 'cells')}, {table.decided_share} {word(languages[-1:], 'decided')}",
        f"{table.open} open, {table.undecided} undecided",
        word(languages[-1:], "approved", by=approved.by, at=approved.at.partition("T")[0])
        if approved is not None
        else word(languages[-1:], "nothing approved"),
    ]


def middle(text: str, size: int) -> str:
    """A text cut in its middle: the schema and the end of a name tell the most."""
    if len(text) <= size:
        return text
    head = (size - 1) // 2
    return f"{text[:head]}…{text[len(text) - (size - 1 - head) :]}"


def _widest_persona(names: list[str], width: int) -> int:
    for longest in range(LONGEST_PERSONA, TITLE, -1):
        taken = sum(max(min(len(name), longest), TITLE) + 2 for name in names)
        if taken + 6 + SHORTEST_NAME <= width:
            return longest
    return TITLE


def _signs(row: Row, persona: str, size: int) -> str:
    found = [(row.sign(persona, command), row.letter(command)) for command in COMMANDS]
    return "".join(_sign(sign, letter.upper()) for sign, letter in found) + " " * (size - len(found))


def _owns(row: Row, persona: str, size: int) -> str:
    found = [(row.own(persona, command), row.letter(command)) for command in COMMANDS]
    return "".join(_sign(sign, letter) for sign, letter in found) + " " * (size - len(found))


def _sign(sign: Sign, letter: str) -> str:
    return _styled(SHOWN.get(sign, letter), STYLES.get(sign, {}))


def _styled(text: str, style: dict[str, object]) -> str:
    return click.style(text, **style) if style else text  # type: ignore[arg-type]


def _findings(table: Matrix, width: int, clean: Callable[[str], str]) -> Iterator[str]:
    for row in table.rows:
        lost, gained = row.changes
        found = list(findings(row, table))
        if not (found or lost or gained):
            continue
        yield click.style(clean(row.name), bold=True)
        for finding, following in zip(found, [*found, None][1:], strict=True):
            mark = _styled(f"{MARKS[finding.state]:4}", TONES[finding.state])
            lines = wrap(clean(finding.text), width - 7, break_long_words=False, break_on_hyphens=False)
            yield f"  {mark} {lines[0]}"
            yield from (f"       {line}" for line in lines[1:])
            if following is not None and following.hint == finding.hint:
                continue  # it is told once, after the last that it is for
            for line in wrap(clean(finding.hint), width - 10, break_long_words=False, break_on_hyphens=False):
                yield f"       {click.style(line, fg='cyan')}"
        for sign, changes in (("!", lost), ("+", gained)):
            if changes:
                said = WORDS["lost" if sign == "!" else "gained"][table.seen.settings.languages[-1]]
                yield f"  {click.style(sign, fg='magenta', bold=True)}    {', '.join(changes)} ({said})"
        yield f"       runbook rls explain {row.name.partition('(')[0]}"
        yield ""


def _legend(table: Matrix, width: int) -> Iterator[str]:
    signs: tuple[tuple[Sign, str], ...] = (
        ("open", "S"),
        ("undecided", ""),
        ("closed", ""),
        ("public", ""),
        ("own", "s"),
        ("not", ""),
        ("gained", ""),
        ("lost", ""),
    )
    languages = table.seen.settings.languages
    for sign, letter in signs:
        shown = SHOWN.get(sign, letter)
        for line in wrap(f"{shown}  {word(languages, sign)}", width, subsequent_indent="   ", break_on_hyphens=False):
            yield click.style(line, dim=True)
    for language in languages:
        for line in wrap(WORDS["commands"][language], width, initial_indent="   ", subsequent_indent="   "):
            yield click.style(line, dim=True)
