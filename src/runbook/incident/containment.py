"""Whether a way to the data is closed for somebody, told from outside: by what the API answers, and by what the
database lets the roles of its callers do, as PostgREST would ask it.

Nothing here takes silence for a refusal. What cannot be told is Unverified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from runbook.errors import EvidenceError, Unverified
from runbook.evidence.chain import canonical, digest
from runbook.incident.policies import BEFORE, keep, kind_of
from runbook.incident.timeline import held, read

if TYPE_CHECKING:
    from runbook.api.client import Answer, Client
    from runbook.database.connection import Database
    from runbook.incident.policies import Kept
    from runbook.incident.sheet import Sheet
    from runbook.rls.catalog import Privilege
    from runbook.rls.inspection import Inspection, Probing
    from runbook.rls.personas import Persona
    from runbook.settings import Settings

NOBODY = "nobody"
"""Who is not signed in at the API."""
REFUSALS = (401, 403, 423, 451, 503)
NOT_THERE = (404, 405, 410)
"""A refusal only where it is known that there was something: a path that is misspelt is answered the same."""
PRIVILEGES: tuple[Privilege, ...] = ("select", "insert", "update", "delete")
STORED = re.compile(r"/storage/v1/object/(?:(?:public|authenticated|info)/)?([^/]+)/(.+)")
"""Where Supabase Storage serves an object: its bucket and its name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at the API. `token` is None for who is not signed in, `foreign` an event of others."""

    name: str
    token: str | None = field(repr=False)
    events: tuple[str, ...] = ()
    foreign: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody found: whether a way is open, and what was answered."""

    open: bool
    said: str


def at_the_api(path: str) -> bool:
    """Whether a path of the sheet is asked for over HTTP."""
    return not path.startswith(("table ", "function "))


def who(path: str, settings: Settings) -> list[str]:
    """Who tries a path over HTTP: a token is sent to no host that the settings do not name."""
    return [*settings.personas, NOBODY] if _host(path, settings) in _hosts(settings) else [NOBODY]


def lists_of(sheet: Sheet) -> str:
    """The digest of what the sheet says is to be closed and open."""
    return digest(canonical({"closed": sheet.closed, "open": sheet.open}))


def contain(folder: Path, settings: Settings) -> str:
    """Keep what the policies and the access are, unless that was done before, and record what is to be closed and what
    open; returns the digest of the line. Raises EvidenceError when nothing is listed, Unverified without a database."""
    incident = read(folder)
    sheet = incident.sheet
    if not sheet.closed or not sheet.open:
        raise EvidenceError(f"{folder}: the sheet has to list what is closed, and what stays open meanwhile")
    incident.must_be_of(settings.name)
    kept = folder / BEFORE
    # On a live target that takes its time: meanwhile others may go on.
    found = digest(kept.read_bytes()) if kept.exists() else keep(folder, BEFORE, settings)
    with held(folder) as book:
        return book.add(
            "contained", closed=sheet.closed, open=sheet.open, lists=lists_of(sheet), file=BEFORE, digest=found
        )


class Api:
    """The ways that are asked for over HTTP. `controls` are the sheet's open ones: where none of them lets anybody in,
    a refusal proves nothing."""

    def __init__(self, client: Client, database: Database, settings: Settings, sheet: Sheet) -> None:
        self._client = client
        self._database = database
        self._settings = settings
        basic = f"GET {settings.api.basic_endpoint}"
        self._controls = [path for path in dict.fromkeys([*sheet.open, basic]) if path not in sheet.closed]
        self._welcome = cache(self._is_welcome)

    def closed(self, path: str, caller: Caller, everybody: Callable[[], Sequence[Caller]]) -> Seen:
        """Whether a path is closed for a caller: in each of their own events, in a foreign one, and without one.

        Refused is what was answered with 401, 403, 423, 451 or 503, or with 404, 405 or 410 where the path is known to
        have been there, and no data beside the error. Raises Unverified for whatever else is no 2xx.
        """
        told, unknown = [], None
        for event, own in self._contexts(caller):
            answer = self._asked(path, caller, event)
            where = f"{'in its own event' if own else 'in a foreign event' if event else 'without an event'}: "
            if answer.ok:
                return Seen(True, f"{where}answered {answer.status}")
            if _carries_data(answer):
                return Seen(True, f"{where}refused with {answer.status}, and data beside the error")
            why = self._why_no_refusal(path, answer, own=own)
            if why is None and answer.status == 401 and caller.token is not None and not self._welcome(path, caller):
                why = "answered 401, and no open path takes this token either"
            unknown = unknown or (f"{where}{why}" if why else None)
            told.append(f"{where}{answer.status}")
        if unknown is not None:
            raise Unverified(unknown)
        if not any(self._welcome(path, one) for one in everybody()):
            raise Unverified(
                f"no open path on {_host(path, self._settings)} lets anybody in: that it refuses proves nothing"
            )
        return Seen(False, ", ".join(told))

    def opened(self, path: str, everybody: Sequence[Caller]) -> Seen:
        """Whether a path answers 2xx to anybody."""
        told = []
        for caller in everybody:
            for event, _ in self._contexts(caller):
                answer = self._asked(path, caller, event)
                if answer.ok:
                    return Seen(True, f"{caller.name}: answered {answer.status}")
                told.append(f"{caller.name} {answer.status}")
        return Seen(False, f"nobody is let in: {', '.join(dict.fromkeys(told))}")

    def _contexts(self, caller: Caller) -> Iterator[tuple[str | None, bool]]:
        """The events to name, and whether each is the caller's own."""
        yield from ((event, True) for event in caller.events)
        if caller.foreign is not None:
            yield caller.foreign, False
        yield None, False

    def _asked(self, path: str, caller: Caller, event: str | None) -> Answer:
        method, _, where = path.partition(" ")
        if method != "GET" and not self._settings.writes:
            raise Unverified(f"{method} could write, and nothing may be written here (writes): try it by hand")
        headers = [(self._settings.api.event_header, event)] if event else []
        key = self._settings.auth.anon_key
        if key is not None and where.startswith("http") and _host(path, self._settings) in _hosts(self._settings):
            headers.append(("apikey", key.get_secret_value()))
        return self._client.send(
            method, where, token=caller.token, headers=headers, json=None if method == "GET" else {}
        )

    def _is_welcome(self, path: str, caller: Caller) -> bool:
        """Whether an open path of the same host lets a caller in."""
        host = _host(path, self._settings)
        controls = [
            control
            for control in self._controls
            if control.startswith("GET ")
            and _host(control, self._settings) == host
            and caller.name in who(control, self._settings)
        ]
        return any(self.opened(control, [caller]).open for control in controls)

    def _why_no_refusal(self, path: str, answer: Answer, *, own: bool) -> str | None:
        status = answer.status
        if isinstance(answer.body, dict) and status == 400 and str(answer.body.get("statusCode")).isdecimal():
            status = int(answer.body["statusCode"])  # Supabase Storage says 400 for all of them
        if status in REFUSALS or (not own and answer.code in self._settings.api.errors.event_required):
            return None
        if status in NOT_THERE:
            return None if self._is_known(path) else f"answered {status}, and nothing shows that it was ever there"
        if 300 <= status < 400:
            return f"answered {status}: where that leads to was not looked at"
        return f"answered {status}, which is no refusal"

    def _is_known(self, path: str) -> bool:
        """Whether there is something at a path: the settings name it, or the database has the object."""
        where = urlsplit(path.partition(" ")[2])
        routes = {self._settings.api.basic_endpoint, *(route.path for route in self._settings.api.guarded_routes)}
        if not where.netloc:
            return where.path in routes
        stored = STORED.search(where.path)
        return stored is not None and bool(
            self._database.read(
                "select from storage.objects where bucket_id = %s and name = %s",
                [unquote(part) for part in stored.groups()],
            )
        )


class Roles:
    """The ways that the roles of the API's callers have in the database; `before` says what was there once."""

    def __init__(self, database: Database, inspection: Inspection, probing: Probing, before: Kept | None) -> None:
        self._database = database
        self._inspection = inspection
        self._probing = probing
        self._before = before

    def seen(self, path: str, persona: Persona) -> Seen:
        """Whether a table or function is open to a persona. Raises Unverified when that cannot be told."""
        kind, _, name = path.partition(" ")
        return self._table(name, persona) if kind == "table" else self._function(name, persona)

    def opened(self, path: str) -> Seen:
        """Whether it is open to anybody: a table, when rows of the own event are read. Raises Unverified likewise."""
        kind, _, name = path.partition(" ")
        relation = self._inspection.catalog.by_name.get(name) if kind == "table" else None
        if relation is None or not relation.exposed:
            return next(
                (seen for persona in self._inspection.personas if (seen := self.seen(path, persona)).open),
                Seen(False, "nobody is let in"),
            )
        own = [cell for cell in self._probing.cells(relation) if (cell.command, cell.reach) == ("select", "own")]
        through = next((cell.persona for cell in own if cell.kind == "reached"), None)
        if through is None and (unknown := next((cell for cell in own if cell.kind == "blind"), None)) is not None:
            raise Unverified(f"{unknown.persona}: {unknown.reason}")
        return Seen(through is not None, f"{through or 'nobody'} reads rows of the own event")

    def _table(self, name: str, persona: Persona) -> Seen:
        """Closed: the role has no privilege on it at all, or every command that was tried reached no row, of the own
        event or another, while rows were there. INSERT, UPDATE and DELETE are tried as the RLS checks try them: rolled
        back, or by statements that stop before they write."""
        relation = self._inspection.catalog.by_name.get(name)
        if relation is None:
            return self._gone("relations", name)
        if not any(relation.may(persona.role, privilege) for privilege in PRIVILEGES):
            return Seen(False, f"{persona.role} has no privilege on it")
        if not relation.exposed:
            raise Unverified(f"{persona.role} has privileges on it, and the API does not expose it: it is not tried")
        cells = [cell for cell in self._probing.cells(relation) if cell.persona == persona.name]
        through = [cell for cell in cells if cell.kind == "reached"]
        if through:
            ways = ", ".join(dict.fromkeys(f"{cell.command} {cell.reach}" for cell in through))
            return Seen(True, f"rows are reached ({ways})")
        for cell in cells:
            if kind_of(cell) == "blind":
                raise Unverified(f"{cell.command} {cell.reach}: {cell.reason}")
        if not cells:
            raise Unverified("no command could be tried on it")
        if not relation.is_table and not self._was_reached(name):
            raise Unverified("nobody is known to have reached anything through it: only a lost privilege would show")
        return Seen(False, "rows are there, and none is reached")

    def _was_reached(self, name: str) -> bool:
        """Whether anybody reached anything of a relation before: a view may be empty for reasons of its own."""
        personas = self._before.access.get(name, {}) if self._before is not None else {}
        return any(kind == "reached" for commands in personas.values() for kind in commands.values())

    def _function(self, name: str, persona: Persona) -> Seen:
        """Closed: the role may not execute it, or not use its schema."""
        found = self._database.read(
            "select has_function_privilege(%(role)s, p.oid, 'execute')"
            " and has_schema_privilege(%(role)s, n.oid, 'usage')"
            " from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace cross join lateral"
            " (select n.nspname || '.' || p.proname || '(' as head) as named"
            " where head || pg_get_function_identity_arguments(p.oid) || ')' = %(name)s"
            " or head || oidvectortypes(p.proargtypes) || ')' = %(name)s",
            {"role": persona.role, "name": name},
        )
        if not found:
            return self._gone("functions", name)
        may = any(bool(row[0]) for row in found)
        return Seen(may, f"{persona.role} may {'' if may else 'not '}execute it")

    def _gone(self, kind: str, name: str) -> Seen:
        if self._before is not None and name in self._before.state[kind]:
            return Seen(False, "it is not there any more")
        raise Unverified(f"the database has no {name}, and had none when the incident was contained")


def _host(path: str, settings: Settings) -> str:
    where = path.partition(" ")[2]
    return urlsplit(where if where.startswith("http") else settings.api.base_url).netloc


def _hosts(settings: Settings) -> set[str]:
    return {urlsplit(url).netloc for url in (settings.api.base_url, settings.auth.url) if url}


def _carries_data(answer: Answer) -> bool:
    """Whether a refusal carries more than an error: a gateway's is a text, or plain values without an envelope."""
    if isinstance(answer.body, dict):
        if answer.envelope in answer.body:
            return answer.values_beside_error > 0
        return any(isinstance(value, dict | list) for value in answer.body.values())
    return isinstance(answer.body, list)
