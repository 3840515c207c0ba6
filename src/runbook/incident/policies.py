"""What row-level security rests on and who reaches what: kept as evidence before a repair, compared with it after."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.errors import EvidenceError
from runbook.evidence.chain import digest
from runbook.evidence.redact import Redactor
from runbook.incident.timeline import now
from runbook.rls.baseline import differences

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.rls.answer import Kind
    from runbook.rls.cells import Cell
    from runbook.rls.inspection import Inspection, Probing
    from runbook.settings import Settings

BEFORE = "before.json"
DIFF = "policies.diff"
VERSION = 1
KEPT_FROM_ALL = ("nobody gets through", "nobody sees anything of the own event")
"""How `rls.judging` and `rls.views` say that everybody was kept from what is there alike. It proves no isolation, for
want of a control; of what is to be closed it is what is wanted."""
DEFINITIONS = """
select name, text from (
    select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
           pg_get_functiondef(p.oid) as text
    from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
    where p.prokind in ('f', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
    union all
    select n.nspname || '.' || c.relname, pg_get_viewdef(c.oid)
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.relkind in ('v', 'm')
) as defined where name = any(%s) order by name
"""
"""The texts of functions and views, of which the catalogue's state has digests."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A target at one time (UTC).

    `state` is that of `rls.catalog.Catalog`; `definitions` are the texts of its functions and views; `access` is, by
    relation, persona, and command with `own` or `other`, the kind of answer.
    """

    target: str
    at: str
    state: Mapping[str, Mapping[str, str]]
    definitions: Mapping[str, str]
    access: Mapping[str, Mapping[str, Mapping[str, str]]]
    version: int = VERSION

    def cells(self) -> Iterator[tuple[tuple[str, str, str], str]]:
        """Who reaches what: relation, persona and command, and the kind of answer."""
        for relation, personas in self.access.items():
            for persona, commands in personas.items():
                for command, kind in commands.items():
                    yield (relation, persona, command), kind


def observe(settings: Settings, database: Database, inspection: Inspection, probing: Probing) -> Kept:
    """The target as it is now, without secrets. Raises Unverified when it cannot be read."""
    state = inspection.catalog.state
    defined = database.read(DEFINITIONS, [[*state["functions"], *state["relations"]]])
    access: dict[str, dict[str, dict[str, str]]] = {}
    for item in inspection.items:
        for cell in probing.cells(item):
            commands = access.setdefault(cell.relation, {}).setdefault(cell.persona, {})
            commands[f"{cell.command} {cell.reach}"] = kind_of(cell)
    redact = Redactor(settings.secrets()).text
    return Kept(
        settings.name,
        now(),
        {kind: {name: redact(text) for name, text in entries.items()} for kind, entries in state.items()},
        {str(name): redact(str(text)) for name, text in defined},
        access,
    )


def taken(settings: Settings) -> Kept:
    """The target as it is now, over a connection of its own. Raises Unverified when it cannot be read."""
    from runbook.database.connection import Database
    from runbook.evidence.journal import Journal
    from runbook.rls.inspection import Probing, inspect

    database = Database(settings, Journal())
    try:
        inspection = inspect(database, settings)
        return observe(settings, database, inspection, Probing(database, settings, inspection))
    finally:
        database.close()


def keep(folder: Path, name: str, settings: Settings) -> str:
    """Write the target as it is now into an incident's folder, where nothing stands yet; returns the file's SHA-256.

    Raises Unverified when it cannot be read, EvidenceError when something stands there.
    """
    data = (json.dumps(asdict(taken(settings)), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    try:
        with (folder / name).open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise EvidenceError(f"{folder / name} is there already: what was kept first counts") from None
    return digest(data)


def read(path: Path) -> Kept:
    """What was kept. Raises EvidenceError when it cannot be used."""
    try:
        kept = Kept(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise EvidenceError(f"{path}: is not what was kept of the policies ({type(error).__name__})") from None
    if kept.version != VERSION:
        raise EvidenceError(f"{path}: is of version {kept.version}")
    return kept


def changed(before: Kept, after: Kept) -> dict[str, list[str]]:
    """What is new, gone or changed, by the relation, function, schema or role that it belongs to."""
    found: dict[str, list[str]] = {}
    for kind in before.state.keys() | after.state.keys():
        for line in differences(before.state.get(kind, {}), after.state.get(kind, {})):
            name = line.partition(": ")[2]
            owner = f"role {name}" if kind == "roles" else name.partition(": ")[0]
            found.setdefault(owner, []).append(f"{kind} {line}")
    return dict(sorted(found.items()))


def beside(before: Kept, after: Kept, closed: Sequence[str]) -> dict[str, list[str]]:
    """What was changed of what is not affected.

    Affected are the tables and functions that are listed as closed, and the functions that the policies of such a table
    call, for they are a part of it.
    """
    tables = {path.removeprefix("table ") for path in closed if path.startswith("table ")}
    functions = {_called(path.removeprefix("function ")) for path in closed if path.startswith("function ")}
    policies = [
        text
        for kept in (before, after)
        for name, text in kept.state["policies"].items()
        if name.partition(": ")[0] in tables
    ]
    for name in before.state["functions"].keys() | after.state["functions"].keys():
        called = re.compile(rf"\b{re.escape(_called(name).rpartition('.')[2])}\(")
        if any(called.search(text) for text in policies):
            functions.add(_called(name))
    return {
        name: lines
        for name, lines in changed(before, after).items()
        if name not in tables and not ("(" in name and _called(name) in functions)
    }


def widened(before: Kept, after: Kept) -> tuple[list[str], list[str]]:
    """Where more is reached than before, and where that could not be told; nothing where nothing was changed."""
    if not changed(before, after):
        return [], []
    old, more, unknown = dict(before.cells()), [], []
    for key, kind in after.cells():
        was = old.get(key)
        relation, persona, command = key
        told = f"{persona}: {command} on {relation}"
        if was == "reached":
            continue
        if kind == "blind" or (kind == "reached" and was == "blind"):
            unknown.append(told)
        elif kind == "reached":
            more.append(told)
    return more, unknown


def diff(before: Kept, after: Kept) -> str:
    """What became of it, as a unified diff; empty when nothing was changed."""
    old, new = (list(_lines(kept)) for kept in (before, after))
    lines = difflib.unified_diff(old, new, f"before {before.at}", f"after {after.at}", n=1, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _lines(kept: Kept) -> Iterator[str]:
    for kind, entries in sorted(kept.state.items()):
        for name, text in sorted(entries.items()):
            yield f"{kind} {name}: {text}"
    for name, text in sorted(kept.definitions.items()):
        yield f"definition {name}"
        yield from (f"    {line}" for line in text.splitlines())
    for relation, personas in sorted(kept.access.items()):
        for persona, commands in sorted(personas.items()):
            reached = [command for command, kind in sorted(commands.items()) if kind == "reached"]
            yield f"access {relation}: {persona}: {', '.join(reached) or 'none'}"


def kind_of(cell: Cell) -> Kind:
    """The kind of answer; hidden also where everybody was kept from what is there."""
    return "hidden" if cell.kind == "blind" and cell.reason.startswith(KEPT_FROM_ALL) else cell.kind


def _called(function: str) -> str:
    """A function's name without what it takes."""
    return function.partition("(")[0]
