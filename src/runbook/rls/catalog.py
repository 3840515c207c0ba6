"""What the database is made of, as far as row-level security goes. `snapshot` reads it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["table", "partitioned", "view", "materialised view", "foreign table"]
Privilege = Literal["select", "insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` is what it is at last: the base of a domain; `category` is `pg_type.typcategory`."""

    name: str
    declared: str
    type: str
    category: str
    labels: tuple[str, ...]
    length: int | None
    required: bool
    default: bool
    identity: str
    generated: bool


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: its columns and those that they refer to, in the same order."""

    name: str
    columns: tuple[str, ...]
    target: int
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, its expressions as PostgreSQL prints them; `roles` is empty for PUBLIC."""

    name: str
    command: Literal["all", "select", "insert", "update", "delete"]
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None

    def governs(self, command: Privilege) -> bool:
        """Whether it has a say in a command."""
        return self.command in ("all", command)

    def admits(self, command: Privilege) -> str | None:
        """The expression that lets a row through, for what exists (`using`) or for what is written."""
        return self.check if command == "insert" and self.check is not None else self.using


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Relation:
    """A table, view or the like.

    `checks` are names and texts of CHECK constraints, of its domains' too, and its partition bound. `granted` is by
    role, then privilege: the columns, all of them as `*`. `reads` are the relations that it refers to, or that its
    definition or its policies read. `rules` are the commands that rewrite rules replace.
    """

    oid: int
    schema: str
    name: str
    kind: Kind
    owner: str
    exposed: bool
    rls: bool
    forced: bool
    security_invoker: bool
    parent: int | None
    writable: frozenset[Privilege]
    triggers: tuple[str, ...]
    rules: tuple[str, ...]
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[tuple[str, str], ...]
    policies: tuple[Policy, ...]
    granted: Mapping[str, Mapping[Privilege, tuple[str, ...]]]
    reads: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    __repr__ = __str__

    @property
    def is_table(self) -> bool:
        """Whether rows are kept in it, so that policies can guard them."""
        return self.kind in ("table", "partitioned")

    def column(self, name: str) -> Column:
        """The column of this name. Raises KeyError."""
        return next(column for column in self.columns if column.name == name)

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return any(column.name == name for column in self.columns)

    def may(self, role: str, privilege: Privilege) -> bool:
        """Whether a role has a privilege on it, on one column at least."""
        return bool(self.granted.get(role, {}).get(privilege))

    def columns_for(self, role: str, privilege: Privilege) -> frozenset[str]:
        """The columns that a role has a privilege on."""
        names = self.granted.get(role, {}).get(privilege, ())
        return frozenset(column.name for column in self.columns) if names == ("*",) else frozenset(names)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function, in the order of its call."""

    name: str
    type: str
    category: str
    labels: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True, repr=False)
class Function:
    """A function of an exposed schema. `roles` are those of a client's that may execute it."""

    oid: int
    schema: str
    name: str
    signature: str
    security_definer: bool
    volatility: Literal["volatile", "stable", "immutable"]
    returns: str
    arguments: tuple[Argument, ...]
    roles: tuple[str, ...]
    body: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}({self.signature})"

    __repr__ = __str__


@dataclass(frozen=True)
class Catalog:
    """The snapshot. `relations` are those of the exposed schemas and all that they refer to or read; by oid."""

    relations: Mapping[int, Relation]
    functions: tuple[Function, ...]
    state: Mapping[str, Mapping[str, str]] = field(repr=False)
    """What is compared with the approved baseline, by kind (policies, grants, ...): names and their definitions."""

    @property
    def digest(self) -> str:
        """SHA-256 over the policies, grants, roles, functions and relations that were there."""
        return digest_of(self.state)

    @cached_property
    def by_name(self) -> dict[str, Relation]:
        """Relations by `schema.name`."""
        return {str(relation): relation for relation in self.relations.values()}

    @cached_property
    def exposed(self) -> tuple[Relation, ...]:
        """The population: every relation of the exposed schemas, sorted by name."""
        return tuple(sorted((r for r in self.relations.values() if r.exposed), key=str))


def digest_of(state: Mapping[str, Mapping[str, str]]) -> str:
    """SHA-256 over what `state` returns."""
    plain = {kind: dict(entries) for kind, entries in state.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
