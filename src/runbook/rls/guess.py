"""Which tables say what an event is and who belongs to it, where the settings do not: told only where it is clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runbook.database.connection import Database
from runbook.errors import TargetError, Unverified
from runbook.evidence.journal import Journal
from runbook.rls.snapshot import snapshot
from runbook.settings import NOT_NAMED, Membership, Tenancy
from runbook.settings_values import Relation as Name

if TYPE_CHECKING:
    from runbook.rls.catalog import Catalog, ForeignKey, Relation
    from runbook.settings import Settings

PEOPLE = ("auth", "users")
USER_COLUMNS = ("user_id", "profile_id", "member_id")


class Candidate(NamedTuple):
    """A table of members, and how many tables hang on what it makes people members of."""

    membership: Relation
    root: Relation
    user: str
    event: str
    key: str
    reach: int

    def __str__(self) -> str:
        return f'root = "{self.root}", membership = {{ table = "{self.membership}", ... }}'


def with_tenancy(settings: Settings) -> Settings:
    """The settings with their tenancy, read off the foreign keys where it is not named.

    Raises TargetError where it is not clear, with what it could be; the database is asked only then.
    """
    if settings.tenancy is not NOT_NAMED:
        return settings
    database = Database(settings, Journal())
    try:
        found = candidates(snapshot(database, settings))
    except Unverified as error:
        raise TargetError(f"[tenancy] is not in the settings, and cannot be read off the database: {error}") from None
    finally:
        database.close()
    if not found or (len(found) > 1 and found[0].reach == found[1].reach):
        could = "; ".join(map(str, found[:3])) or "no table of members was found"
        raise TargetError(f"[tenancy] is not in the settings, and the foreign keys do not make it clear: {could}")
    best = found[0]
    member = Membership(table=_name(best.membership), user=best.user, event=best.event)
    return settings.model_copy(
        update={"tenancy": Tenancy(root=_name(best.root), key=best.key, membership=member)},
    )


def candidates(catalog: Catalog) -> list[Candidate]:
    """Tables with a key over a person and something else that is exposed; those on which most tables hang first."""
    found = []
    for relation in catalog.exposed:
        people = [user for user in _people(catalog, relation) if _in_a_key(relation, user)]
        for key in relation.foreign_keys if people else ():
            root = catalog.relations[key.target]
            of_one = len(key.columns) == 1 and key.columns[0] not in people and root.exposed and root is not relation
            if of_one and any({people[0], key.columns[0]} <= set(unique) for unique in relation.keys):
                reach = _reach(catalog, root)
                found.append(Candidate(relation, root, people[0], key.columns[0], key.referred[0], reach))
    return sorted(found, key=lambda candidate: (-candidate.reach, str(candidate.membership)))


def _people(catalog: Catalog, relation: Relation) -> list[str]:
    """The columns that hold a person's id: by a foreign key to the accounts, else by their name."""

    def leads_to_accounts(key: ForeignKey) -> bool:
        target = catalog.relations[key.target]
        return (target.schema, target.name) == PEOPLE

    keyed = [key.columns[0] for key in relation.foreign_keys if len(key.columns) == 1 and leads_to_accounts(key)]
    return keyed or [name for name in USER_COLUMNS if relation.has(name)]


def _in_a_key(relation: Relation, column: str) -> bool:
    return any(column in unique and len(unique) == 2 for unique in relation.keys)


def _reach(catalog: Catalog, root: Relation) -> int:
    """How many tables refer to it, over others too."""
    found = {root.oid}
    grown = True
    while grown:
        more = {
            relation.oid
            for relation in catalog.exposed
            if relation.oid not in found and any(key.target in found for key in relation.foreign_keys)
        }
        grown = bool(more)
        found |= more
    return len(found) - 1


def _name(relation: Relation) -> Name:
    return Name(schema_name=relation.schema, name=relation.name)
