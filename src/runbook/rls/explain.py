"""Everything about one relation or function, as a script for psql: prose in comments, and every probe as SQL.

Run whole it asks again all that was asked; or its head and then one probe can be pasted by hand. It is rolled back.
"""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from runbook.rls.catalog import Relation
from runbook.rls.hints import remedy
from runbook.rls.matrix import in_order
from runbook.rls.replay import END, Replay, Replayable, statement
from runbook.rls.session import quoted
from runbook.rls.world import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runbook.rls.catalog import Function, Policy, Privilege
    from runbook.rls.cells import Cell, Probe
    from runbook.rls.inspection import Inspection
    from runbook.rls.report import Observed

    Tried = tuple[int, Cell, Probe]

WIDTH = 100
PRIVILEGES: tuple[Privilege, ...] = ("select", "insert", "update", "delete")
CONTEXTS = {"own": "names its own event", "other": "names the other event", "none": "names no event"}
MEANS = {
    "reached": "a row was reached",
    "hidden": "no row was there for it",
    "refused": "a policy refused it",
    "not granted": "the privilege is missing",
    "blind": "it says nothing",
}


def explained(seen: Observed, persona: str | None = None) -> Iterator[str]:
    """The script, line by line, of the items that were looked at; of one persona's cells when it is named."""
    clean = Replayable(seen.settings.secrets()).text
    for item in seen.inspection.items:
        cells = [cell for cell in seen.cells if cell.relation == str(item)]
        if cells:
            wanted = [cell for cell in cells if persona in (None, cell.persona)]
            for line in _item(item, wanted, seen):
                yield from map(_toned, clean(line).splitlines() or [""])


def _item(item: Relation | Function, cells: Sequence[Cell], seen: Observed) -> Iterator[str]:
    settings = seen.settings
    yield f"-- {item}, on {settings.name} ({settings.severity}), {seen.at}, {seen.server}"
    yield from _comment(
        _relation(item, seen.inspection) if isinstance(item, Relation) else _function(item, seen.inspection)
    )
    yield "--"
    if isinstance(item, Relation) and item.is_table:
        yield from (f"-- {line}" for line in policies(item))
        yield "--"
    replay = seen.replays.get(str(item), Replay())
    order = in_order(cells, seen.inspection.personas)
    tried = [
        (state, cell, probe)
        for cell in order
        for probe in cell.probes
        if probe.sql
        for state in replay.of(probe, cell.reach)
    ]
    yield from _comment(_witness(item, replay, tried))
    yield from _untried(item, order)
    before = None
    tried.sort(key=lambda one: one[0])
    for state, group in groupby(tried, key=lambda one: one[0]):
        yield ""
        yield replay.placing(state, before)
        yield from _probes(item, group, seen)
        before = state
    if before is not None:
        yield ""
        yield END


def _probes(item: Relation | Function, tried: Iterable[Tried], seen: Observed) -> Iterator[str]:
    for cell, group in groupby(tried, key=lambda one: one[1]):
        about = "own event" if cell.reach == "own" else "others"
        mark = "OPEN" if cell.reach == "other" and cell.kind == "reached" else cell.kind.upper()
        why = "; ".join(filter(None, (cell.reason, f"control: {cell.control}" if cell.control else "")))
        yield ""
        yield f"-- == {cell.persona}, {_command(cell, item)}, {about}: {mark}" + (f" ({why})" if why else "")
        if mark == "OPEN":
            yield from _comment([remedy(cell, item, seen.inspection)])
        for _, _, probe in group:
            said = f"{probe.said}: {MEANS[probe.kind]}" + (f" ({probe.reason})" if probe.reason else "")
            compared = " (read before the rows came, and after)" if probe.form == "whole" else ""
            yield f"-- {probe.form}{compared}, {CONTEXTS[probe.context]}. Answer: {said}"
            yield f"rollback to savepoint probe;\n{statement(probe)}"


def _untried(item: Relation | Function, cells: Iterable[Cell]) -> Iterator[str]:
    """The cells that nothing had to be tried for, or nothing could."""
    for cell in cells:
        if not any(probe.sql for probe in cell.probes):
            about = "own event" if cell.reach == "own" else "others"
            why = cell.reason or cell.control or next((probe.reason for probe in cell.probes), "") or MEANS[cell.kind]
            said = f"{cell.kind.upper()} ({why}); no statement is kept"
            yield f"-- == {cell.persona}, {_command(cell, item)}, {about}: {said}"


def _command(cell: Cell, item: Relation | Function) -> str:
    return cell.command if isinstance(item, Relation) else "call"


def _witness(item: Relation | Function, replay: Replay, tried: Sequence[Tried]) -> Iterator[str]:
    if not tried:
        yield "No statement was tried on it."
    elif len(replay.states) > 1:
        yield (
            "The rows are synthetic and were there in the probing transaction alone: the script places them again."
            " Run it whole as the login of database.dsn (psql -X -v VERBOSITY=terse -f FILE, so that no error quotes a"
            " row), or paste its head down to `savepoint probe;` and then any one probe."
            f" It ends with rollback, so that nothing of it stays in {item}."
        )
    else:
        yield (
            "No row was placed: the probes are about rows that are there, and their ids stand in the script."
            " Every probe stops before it writes."
        )


def _relation(relation: Relation, inspection: Inspection) -> Iterator[str]:
    rls = "no policy guards it" if not relation.is_table else "RLS is OFF"
    if relation.rls:
        rls = "RLS is on" + (", forced for its owner too" if relation.forced else "")
    if relation.kind == "view":
        rls = "it reads as " + ("whoever asks (security_invoker)" if relation.security_invoker else "its OWNER")
    yield f"{relation.kind.capitalize()} of {relation.owner}; {rls}."
    yield from path_of(relation, inspection)
    if relation.triggers:
        yield f"Triggers: {', '.join(relation.triggers)}."
    if relation.rules:
        yield f"Rewrite rules for: {', '.join(relation.rules)}."
    for role in dict.fromkeys(persona.role for persona in inspection.personas):
        held = relation.granted.get(role, {})
        told = [p + ("" if held[p] == ("*",) else f" ({', '.join(held[p])})") for p in PRIVILEGES if held.get(p)]
        yield f"Granted to {role}: {', '.join(told) or 'nothing'}."


def path_of(relation: Relation, inspection: Inspection) -> Iterator[str]:
    """To whom its rows belong, by which foreign keys."""
    catalog, tenancy = inspection.catalog, inspection.tenancy
    if not relation.is_table:
        read = ", ".join(sorted(str(catalog.relations[oid]) for oid in relation.reads))
        yield f"It keeps no rows of its own; it reads {read or 'nothing that is known'}."
        return
    tenure = tenancy.of(relation)
    here, steps = relation, []
    for key in tenure.path:
        there = catalog.relations[key.target]
        steps.append(f"{here}.{_columns(key.columns)} -> {there}.{_columns(key.referred)}")
        here = there
    yield f"Its rows belong to: {tenure.belonging}" + (f", by {'; '.join(steps)}." if steps else ".")
    for key in tenure.others:
        yield f"Another way there begins with {_columns(key.columns)} -> {catalog.relations[key.target]}."


def _function(function: Function, inspection: Inspection) -> Iterator[str]:
    rights = "its OWNER's rights (security definer)" if function.security_definer else "the caller's rights"
    yield f"Function returning {function.returns}; {function.volatility}; it runs with {rights}."
    for role in dict.fromkeys(persona.role for persona in inspection.personas):
        yield f"{role} {'may' if role in function.roles else 'may not'} execute it."


def policies(relation: Relation) -> Iterator[str]:
    """Its policies, as statements would make them."""
    for policy in relation.policies:
        yield from _policy(relation, policy)
    if not relation.policies:
        yield f"no policy on {relation}: " + ("nobody is admitted" if relation.rls else "everybody is admitted")


def _policy(relation: Relation, policy: Policy) -> Iterator[str]:
    kind = "" if policy.permissive else " as restrictive"
    to = ", ".join(map(quoted, policy.roles)) or "public"
    yield f"create policy {quoted(policy.name)} on {name_of(relation)}{kind} for {policy.command} to {to}"
    for clause, text in (("using", policy.using), ("with check", policy.check)):
        if text is not None:
            yield from (f"  {line}" for line in f"{clause} ({text})".splitlines())


def _columns(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _comment(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (f"-- {line}" for line in wrap(text, WIDTH - 3, break_long_words=False, break_on_hyphens=False))


def _toned(line: str) -> str:
    if line.startswith("-- ==") and ": OPEN" in line:
        return click.style(line, fg="white", bg="red", bold=True)
    if line.startswith("-- ==") and ": BLIND" in line:
        return click.style(line, fg="black", bg="yellow")
    return click.style(line, fg="cyan") if line.startswith("--") else line
