"""Which event, or which person, a table's rows belong to: by column, by foreign keys, or by declaration."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runbook.errors import Unverified
from runbook.rls.catalog import Catalog, ForeignKey, Relation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runbook.rls.world import Row, Side, World
    from runbook.settings import Settings

Belonging = Literal["root", "membership", "event", "owner", "public", "service", "undecided"]
"""To whom rows belong. `public`: everybody may read them. `service`: no client reaches them. `undecided`: must be
declared."""

STORAGE = "storage"
DECLARED = re.compile(r"(event|owner) via (\S+)")


@dataclass(frozen=True, slots=True)
class Tenure:
    """How a table's rows belong: the foreign keys to walk, the nearest first; empty where there are none.

    `others` are the further ways to the same end, each by its first step. `below`: the stamp is the beginning of a
    path, as in the names of Supabase Storage, and not the whole value.
    """

    belonging: Belonging
    path: tuple[ForeignKey, ...] = ()
    others: tuple[ForeignKey, ...] = ()
    below: bool = False

    @property
    def stamp(self) -> tuple[str, ...]:
        """The columns that tie a row to its event or owner."""
        return self.path[0].columns if self.path else ()


@dataclass(frozen=True)
class Tenancy:
    """The tenure of every relation that keeps rows, and the tenancy's own tables."""

    root: Relation
    key: str
    membership: Relation
    member_user: str
    member_event: str
    member_role: str | None
    users: Relation | None
    tenures: Mapping[int, Tenure]

    def of(self, relation: Relation) -> Tenure:
        """A relation's tenure; of a view and the like, that it is undecided and need not be decided."""
        return self.tenures.get(relation.oid, Tenure("undecided"))

    def user_columns(self, relation: Relation) -> tuple[str, ...]:
        """The columns that hold a person's id."""
        keys = [key for key in relation.foreign_keys if self.users is not None and key.target == self.users.oid]
        named = {column for key in keys for column in key.columns}
        if self.users is None and relation.has(self.member_user):
            named.add(self.member_user)
        return tuple(column.name for column in relation.columns if column.name in named)

    def ties(self, relation: Relation) -> tuple[ForeignKey, ...]:
        """The foreign keys to tables of events that could be of another event than the rest of the row: not the only
        one, for with it the whole row would be the other event's."""
        within = [
            key
            for key in relation.foreign_keys
            if key.target in self.tenures and self.tenures[key.target].belonging in ("event", "root")
        ]
        return (
            tuple(within) if len(within) > 1 or self.of(relation).stamp not in [key.columns for key in within] else ()
        )

    def stamped(self, relation: Relation, world: World, side: Side) -> Row:
        """The columns that tie a row to one side, with values: those of a parent that nothing refers to yet."""
        tenure = self.of(relation)
        for step in tenure.path[:1]:
            if step.target == self.root.oid:
                return {step.columns[0]: world.keys[side] + ("/moved" if tenure.below else "")}
            for parent in world.rows.get((step.target, side), [])[-1:]:
                return {own: parent.get(referred) for own, referred in zip(step.columns, step.referred, strict=True)}
        return {}

    def not_about(self, relation: Relation, user: str | None, rows: Sequence[Row]) -> list[Row]:
        """The rows that are not about a person: who is in both events has some in the other one as well."""
        columns = self.user_columns(relation)
        return [row for row in rows if user is None or all(row.get(column) != user for column in columns)]


def infer(catalog: Catalog, settings: Settings) -> Tenancy:
    """Tenancy by the foreign-key graph; what the settings declare comes first. Raises Unverified without its tables."""
    root = _named(catalog, "tenancy.root", str(settings.tenancy.root))
    membership = _named(catalog, "tenancy.membership.table", str(settings.tenancy.membership.table))
    member = settings.tenancy.membership
    for relation, column in ((root, settings.tenancy.key), (membership, member.user), (membership, member.event)):
        if not relation.has(column):
            raise Unverified(f"{relation} has no column {column}; see [tenancy] in the settings")
    users = next(
        (catalog.relations[key.target] for key in membership.foreign_keys if key.columns == (member.user,)), None
    )
    role = member.role if member.role is not None else _role_column(membership, member.user, member.event)
    to_root = _Ways(catalog, root)
    to_users = _Ways(catalog, users) if users is not None else None
    declared = {str(table): "public" for table in settings.database.public_tables} | settings.rls.tables
    if unknown := declared.keys() - catalog.by_name.keys():
        raise Unverified(f"the settings declare {', '.join(sorted(unknown))}, which is not in the exposed schemas")
    tenures = {}
    for relation in catalog.relations.values():
        if not relation.is_table:
            continue
        if relation.oid == root.oid:
            tenures[relation.oid] = Tenure("root")
        elif relation.oid == membership.oid:
            own = next((key for key in relation.foreign_keys if key.columns == (member.event,)), None)
            stamp = own if own is not None else ForeignKey("", (member.event,), root.oid, (settings.tenancy.key,))
            tenures[relation.oid] = Tenure("membership", (stamp,))
        elif relation.schema == STORAGE and str(relation) not in declared:
            tenures[relation.oid] = _stored(relation, root, settings)
        elif str(relation) in declared:
            tenures[relation.oid] = _declared(declared[str(relation)], relation, root, settings, users)
        else:
            tenures[relation.oid] = _inferred(relation, root, settings, to_root, to_users)
    for oid in tenures:
        ancestor = catalog.relations[oid].parent
        while tenures[oid].belonging == "undecided" and ancestor in tenures:
            tenures[oid] = tenures[ancestor]
            ancestor = catalog.relations[ancestor].parent
    return Tenancy(root, settings.tenancy.key, membership, member.user, member.event, role, users, tenures)


def _named(catalog: Catalog, key: str, name: str) -> Relation:
    relation = catalog.by_name.get(name)
    if relation is None or not relation.is_table:
        raise Unverified(f"{key} names {name}, which is no table of the database")
    return relation


def _role_column(membership: Relation, user: str, event: str) -> str | None:
    """The column that tells members apart, where it is clear: an enumeration, or the one called role."""
    found = [
        column.name
        for column in membership.columns
        if column.name not in (user, event) and (column.labels or column.name == "role")
    ]
    return found[0] if len(found) == 1 else None


class _Ways:
    """The foreign-key ways to one table, found breadth first: each table is met by its shortest way."""

    def __init__(self, catalog: Catalog, end: Relation) -> None:
        self._end = end
        self._distance = {end.oid: 0}
        self._first: dict[int, list[ForeignKey]] = {}
        children: dict[int, list[tuple[int, ForeignKey]]] = {}
        for relation in catalog.relations.values():
            for key in relation.foreign_keys:
                children.setdefault(key.target, []).append((relation.oid, key))
        queue = deque([end.oid])
        while queue:
            target = queue.popleft()
            for oid, key in children.get(target, ()):
                if oid == end.oid or (oid in self._distance and self._distance[oid] <= self._distance[target]):
                    continue  # a way that leads back
                if oid not in self._distance:
                    self._distance[oid] = self._distance[target] + 1
                    queue.append(oid)
                self._first.setdefault(oid, []).append(key)
        for oid, keys in self._first.items():
            keys.sort(key=lambda key: self._preference(catalog.relations[oid], key))

    def _preference(self, relation: Relation, key: ForeignKey) -> tuple[int, bool, int, tuple[str, ...]]:
        """The shortest first, then one that no row can do without, then the plainest."""
        nullable = any(not relation.column(column).required for column in key.columns)
        return self._distance[key.target], nullable, len(key.columns), key.columns

    def first_steps(self, relation: Relation) -> list[ForeignKey]:
        """The foreign keys that lead there, the best first; several may differ in where they come by."""
        return self._first.get(relation.oid, [])

    def path(self, relation: Relation) -> tuple[ForeignKey, ...]:
        """The best way; empty where there is none."""
        steps: list[ForeignKey] = []
        oid = relation.oid
        while oid != self._end.oid and oid in self._first:
            steps.append(self._first[oid][0])
            oid = steps[-1].target
        return tuple(steps)


def _stored(relation: Relation, root: Relation, settings: Settings) -> Tenure:
    """Supabase Storage: an object's name begins with its folder, the event's; all else is the service's own."""
    if relation.name == "objects" and relation.has("name"):
        return Tenure("event", (ForeignKey("", ("name",), root.oid, (settings.tenancy.key,)),), below=True)
    return Tenure("service")


def _declared(said: str, relation: Relation, root: Relation, settings: Settings, users: Relation | None) -> Tenure:
    """What the settings say of a table: a word, and for events and owners the column that holds the id."""
    if said == "public":
        return Tenure("public")
    if said == "service":
        return Tenure("service")
    found = DECLARED.fullmatch(said)
    if found is None or not relation.has(found[2]):
        raise Unverified(f'rls.tables: {relation} has no column for {said!r}; write "event via COLUMN"')
    if found[1] == "event":
        return Tenure("event", (ForeignKey("", (found[2],), root.oid, (settings.tenancy.key,)),))
    if users is None:
        raise Unverified(f"rls.tables: {relation} is declared {said!r}, and no table of people is known")
    return Tenure("owner", (ForeignKey("", (found[2],), users.oid, (_key_of(users),)),))


def _inferred(relation: Relation, root: Relation, settings: Settings, to_root: _Ways, to_users: _Ways | None) -> Tenure:
    path = to_root.path(relation)
    if path:
        return Tenure("event", path, tuple(to_root.first_steps(relation)[1:]))
    named = settings.tenancy.membership.event
    # A log, say, without a foreign key: it names the event in the same words and the same type as the membership does.
    if relation.has(named) and relation.column(named).type == root.column(settings.tenancy.key).type:
        return Tenure("event", (ForeignKey("", (named,), root.oid, (settings.tenancy.key,)),))
    owner = to_users.path(relation) if to_users is not None else ()
    return Tenure("owner", owner) if owner else Tenure("undecided")


def _key_of(users: Relation) -> str:
    return users.keys[0][0] if users.keys else "id"
