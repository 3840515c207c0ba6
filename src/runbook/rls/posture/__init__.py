"""The posture of row-level security: what the catalogue alone decides, by the rules of pgrls and by our own.

`posture.toml` says of each rule whether it gates, and why. Our own rules stand beside this file, one query a file with
its page in its header: they are for what pgrls cannot see. Nothing here calls a function of the target or reads a row.
"""

from __future__ import annotations

import io
import re
import tomllib
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from runbook.errors import Unverified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pgrls.model import Schema
    from pgrls.violations import Violation

    from runbook.database.connection import Database
    from runbook.settings import Settings

Level = Literal["gate", "advise", "ignore"]
Origin = Literal["pgrls", "runbook"]

MEANT_TO_BE_OPEN = frozenset({"SEC049", "SEC051", "SEC053", "SEC054"})
"""Rules of pgrls that say no more of a relation than that everybody reads it: what the settings declare public may."""

ALLOWLIST = re.compile(
    r"[,;.]?\s*(?:or |if [^,;.]*,\s*)?allowlist\b.*?\[lint\.rules\.\w+\][^.]*|\s*\(SEC001/[^)]*\)",
    re.IGNORECASE | re.DOTALL,
)
"""How pgrls is told of an exception: in a file of its own, which is not used here."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A static rule: whether a check fails on it, and why."""

    id: str
    origin: Origin
    level: Level
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: an object's name, and the facts with the smallest change that closes it. No row of data."""

    rule: str
    subject: str
    text: str


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, those of pgrls first."""
    document = tomllib.loads(files("runbook.rls").joinpath("posture.toml").read_text(encoding="utf-8"))
    origins: tuple[Origin, ...] = ("pgrls", "runbook")
    return {id_: Rule(id_, origin, **entry) for origin in origins for id_, entry in document[origin].items()}


def query(rule: str) -> str:
    """The query of a rule of our own, its page in the header included."""
    return files("runbook.rls.posture").joinpath(f"{rule}.sql").read_text(encoding="utf-8")


def examine(database: Database, settings: Settings) -> dict[str, tuple[Finding, ...]]:
    """What every rule that is not ignored finds, sorted by subject. Raises Unverified when one could not look."""
    schema = _schema(database, settings)
    found: dict[str, tuple[Finding, ...]] = {}
    for rule in rules().values():
        if rule.level != "ignore":
            look = (
                _by_pgrls(rule.id, schema, settings)
                if rule.origin == "pgrls"
                else _by_query(rule.id, database, settings)
            )
            found[rule.id] = tuple(sorted(set(look), key=lambda finding: (finding.subject, finding.text)))
    return found


def _by_query(rule: str, database: Database, settings: Settings) -> Iterable[Finding]:
    told = settings.database
    parameters: Mapping[str, object] = {
        "schemas": list(told.exposed_schemas),
        "public_tables": sorted(_public(settings)),
        "anonymous_role": told.anonymous_role,
        "signed_in_role": told.signed_in_role,
        "service_role": told.service_role,
        "api_login": told.api_login,
    }
    try:
        rows = database.read(query(rule), parameters)
    except Unverified as error:
        raise Unverified(f"the posture rule {rule} could not look: {error}") from None
    return [Finding(rule, str(subject), str(text)) for subject, text in rows]


def _schema(database: Database, settings: Settings) -> Schema:
    """What pgrls knows of the exposed schemas, and of Storage's where it is there: its policies guard files.

    Read in one of our own transactions: read-only, with its time limits, and rolled back.
    """
    from pgrls.introspect import introspect

    schemas = list(settings.database.exposed_schemas)
    # What it prints quotes expressions; that it could not read one is seen below.
    with database.transaction(read_only=True) as cursor, redirect_stderr(io.StringIO()):
        there = {str(name) for [name] in cursor.execute("select nspname from pg_namespace").fetchall()}
        if missing := [name for name in schemas if name not in there]:
            raise Unverified(f"database.exposed_schemas names what is not there: {', '.join(missing)}")
        try:
            schema = introspect(cursor.connection, [*schemas, *({"storage"} & there - {*schemas})])
        except (ValueError, TypeError, RuntimeError) as error:
            raise Unverified(f"pgrls could not read the catalogue: {type(error).__name__}") from None
    unread = [
        f"{table.qualified_name}.{policy.name}"
        for table in schema.tables
        for policy in table.policies
        if (policy.using_sql and policy.using_ast is None) or (policy.with_check_sql and policy.with_check_ast is None)
    ]
    if unread:
        raise Unverified(
            f"pgrls cannot read the expression of the policy {', '.join(unread)}, so its rules prove nothing"
        )
    return schema


def _by_pgrls(rule: str, schema: Schema, settings: Settings) -> Iterable[Finding]:
    from pgrls.rules import default_registry

    check = {known.id: known for known in default_registry().enabled([])}.get(rule)
    if check is None:
        raise Unverified(f"the installed pgrls has no rule {rule}")
    told = settings.database
    anonymous = [told.anonymous_role, "PUBLIC"]
    options: dict[str, object] = {
        "schemas": list(told.exposed_schemas),
        "anon_roles": anonymous,
        "grantees": [*anonymous, told.signed_in_role],
        "low_trust_roles": [*anonymous, told.signed_in_role],
    }
    try:
        violations = check.check(schema, options)
    except Exception as error:
        # Whatever fails in there, it did not look; its text may quote expressions.
        raise Unverified(f"the rule {rule} of pgrls failed: {type(error).__name__}") from None
    public = _public(settings) if rule in MEANT_TO_BE_OPEN else set()
    never_applied = public | set(_policies_for_nobody(schema))
    return [
        Finding(rule, _subject(violation), ALLOWLIST.sub("", violation.message).rstrip(" .") + ".")
        for violation in violations
        if _subject(violation) not in never_applied
    ]


def _public(settings: Settings) -> set[str]:
    """What is declared public, written `schema.name`; `rls.tables` has the last word, as in `runbook.rls.tenancy`."""
    declared = {str(table): "public" for table in settings.database.public_tables} | settings.rls.tables
    return {name for name, said in declared.items() if said == "public"}


def _policies_for_nobody(schema: Schema) -> Iterable[str]:
    """Policies only for roles that bypass RLS: they are never applied, whatever they say."""
    bypassing = {role.name for role in schema.bypassrls_roles}
    return [
        f"{table.schema}.{table.name}.{policy.name}"
        for table in schema.tables
        for policy in table.policies
        if set(policy.roles) <= bypassing
    ]


def _subject(violation: Violation) -> str:
    return violation.location if violation.location is not None else "the database"
