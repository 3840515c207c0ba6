"""The migration files of a commit, and what the database's own table says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook.errors import Unverified
from runbook.release.alembic import revisions

if TYPE_CHECKING:
    from runbook.database.connection import Database
    from runbook.release.git import File, Repository
    from runbook.settings_release import Format, Release, Source

_SUPABASE = re.compile(r"(\d+)_.*\.sql")
_FLYWAY = re.compile(r"V([\d._]+?)__.*\.sql|(R)__.*\.sql")
_DOWN_FILE = re.compile(r"\.(down|undo|rollback)\.sql$")
_DOWN_PART = re.compile(r"^--\s*(migrate:down|\+goose\s+Down|\+migrate\s+Down)\b.*", re.M | re.S | re.I)
"""Where the undoing part of a file begins: dbmate, goose, sql-migrate."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration of the commit. `names` are what the database's table may call it; `after` are those that Alembic
    applies before it."""

    version: str
    file: File
    names: frozenset[str]
    after: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.version


@dataclass(frozen=True, slots=True)
class Comparison:
    """Versions: of the commit and not in the database; in the database and not of the commit; that did not succeed;
    and where each side stands."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    failed: tuple[str, ...]
    head: str
    head_in_database: str


def migrations(repository: Repository, commit: str, source: Source) -> tuple[Migration, ...]:
    """The migrations of a commit in the order in which they are applied. Raises Unverified when there is none."""
    found = repository.files(commit, source.files, below=source.format == "flyway")
    if source.format == "alembic":
        scripts = [file for file in found if file.name.endswith(".py")]
        names = zip(scripts, repository.contents(scripts), strict=True)
        ordered = [Migration(r.id, r.file, frozenset({r.id}), r.after) for r in revisions(names)]
    else:
        known = [migration for file in found if (migration := _from_name(file, source.format)) is not None]
        ordered = sorted(known, key=_flyway_order) if source.format == "flyway" else known
    if not ordered:
        raise Unverified(f"{source.files} holds no {source.format} migration at {commit[:12]} (release.source.files)")
    return tuple(ordered)


def upward(script: str) -> str:
    """A migration's text without the part that would undo it."""
    return _DOWN_PART.sub("", script)


def compare(database: Database, release: Release, source: Source, ordered: Sequence[Migration]) -> Comparison:
    """The commit's migrations against the database's table. Raises Unverified when that cannot be read."""
    from psycopg.sql import SQL, Identifier

    table = Identifier(release.migrations.schema_name, release.migrations.name)
    if source.format == "flyway":
        rows = database.read(SQL("select to_jsonb(entry) from {} as entry").format(table))
        entries = [row[0] for row in rows if isinstance(row[0], dict)]
    else:
        column = Identifier(release.migration)
        rows = database.read(SQL("select {}::text from {}").format(column, table))
        entries = [{release.migration: row[0]} for row in rows]
    return against(entries, release.migration, source.format, ordered)


def against(
    entries: Iterable[Mapping[str, object]], column: str, format_: Format, ordered: Sequence[Migration]
) -> Comparison:
    """The commit's migrations against the rows of the database's table: of Flyway all columns, else this one."""
    recorded, failed = (
        _flyway_history(entries, ordered) if format_ == "flyway" else ([str(entry[column]) for entry in entries], [])
    )
    by_name = {name: migration for migration in ordered for name in migration.names}
    applied = {by_name[name].version for name in recorded if name in by_name}
    head, here = [ordered[-1].version], [by_name[name].version if name in by_name else name for name in recorded]
    if format_ == "alembic":
        applied = _with_ancestors(applied, ordered)
        before = {version for migration in ordered for version in migration.after}
        head = sorted(migration.version for migration in ordered if migration.version not in before)
    else:
        here.sort(key=_natural)
        here = [version for version in here if not version.startswith("R__")][-1:] or here[-1:]
        head = [migration.version for migration in ordered if not migration.version.startswith("R__")][-1:] or head
    return Comparison(
        missing=tuple(migration.version for migration in ordered if migration.version not in applied),
        unknown=tuple(sorted({name for name in recorded if name not in by_name}, key=_natural)),
        failed=tuple(failed),
        head=", ".join(head),
        head_in_database=", ".join(sorted(here)) or "none",
    )


def _from_name(file: File, format_: Format) -> Migration | None:
    if format_ == "supabase":
        found = _SUPABASE.fullmatch(file.name)
        return None if found is None else Migration(found[1], file, frozenset({found[1]}))
    if format_ == "flyway":
        if (found := _FLYWAY.fullmatch(file.name)) is None:
            return None
        version = file.name.removesuffix(".sql") if found[2] else _flyway_version(found[1])
        return Migration(version, file, frozenset({version}))
    if not file.name.endswith(".sql") or _DOWN_FILE.search(file.name):
        return None
    stem = file.name.removesuffix(".sql").removesuffix(".up")
    prefix = re.split(r"[_-]", stem, maxsplit=1)[0]
    return Migration(stem, file, frozenset({file.name, file.name.removesuffix(".sql"), stem, prefix}))


def _flyway_version(text: str) -> str:
    """As Flyway compares them: 1, 1.0 and 01_0 are one version."""
    numbers = [int(part) for part in re.split(r"[._]", text) if part]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return ".".join(map(str, numbers))


def _flyway_order(migration: Migration) -> tuple[bool, list[int], str]:
    """By version; what is repeatable comes last, by description."""
    repeatable = migration.version.startswith("R__")
    return repeatable, [] if repeatable else list(map(int, migration.version.split("."))), migration.version


def _flyway_history(
    entries: Iterable[Mapping[str, object]], ordered: Sequence[Migration]
) -> tuple[list[str], list[str]]:
    """What is applied, and what did not succeed, by Flyway's table (installed_rank, version, type, script, success)."""
    applied: set[str] = set()
    failed: set[str] = set()
    for entry in sorted(entries, key=lambda entry: int(str(entry["installed_rank"]))):
        type_, version = str(entry["type"]), entry["version"]
        name = str(entry["script"]).rpartition("/")[2].removesuffix(".sql")
        told = name if version is None else _flyway_version(str(version))
        if type_ == "SCHEMA":
            continue
        if entry["success"] is not True:
            failed.add(told)
        elif type_.startswith("UNDO") or type_ == "DELETE":
            applied.discard(told)
            failed.discard(told)
        else:
            applied.add(told)
            failed.discard(told)
            if type_ == "BASELINE" or type_.endswith("_BASELINE"):
                numbers = list(map(int, told.split(".")))
                applied.update(m.version for m in ordered if m.version[0] != "R" and _flyway_order(m)[1] <= numbers)
    return list(applied), sorted(failed, key=_natural)


def _with_ancestors(applied: set[str], ordered: Sequence[Migration]) -> set[str]:
    """Alembic's table holds only the newest of each branch: those before it are applied too."""
    after = {migration.version: migration.after for migration in ordered}
    waiting, found = list(applied), set(applied)
    while waiting:
        new = set(after.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found & after.keys()


def _natural(version: str) -> list[tuple[int, str]]:
    """Numbers in a version count as numbers: 10 comes after 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version) if part]
