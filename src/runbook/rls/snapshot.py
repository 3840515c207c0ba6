"""The catalogue as it is now: one frozen snapshot, read from `pg_catalog`.

A handful of queries whatever the number of tables. Each is over whole catalogues, because a question a table would be
a round trip a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from runbook.errors import Unverified
from runbook.rls import catalog_sql
from runbook.rls.catalog import Argument, Catalog, Column, ForeignKey, Function, Kind, Policy, Privilege, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runbook.database.connection import Database
    from runbook.settings import Settings

KINDS: dict[str, Kind] = {
    "r": "table",
    "p": "partitioned",
    "v": "view",
    "m": "materialised view",
    "f": "foreign table",
}


def snapshot(database: Database, settings: Settings) -> Catalog:
    """Read the catalogue in one read-only transaction. Raises Unverified when it cannot be read.

    The settings give the exposed schemas and the roles; `storage` counts as exposed where it is there.
    """
    answers = _answers(database, settings, catalog_sql.QUERIES)
    roles = _roles(settings)
    missing = set(roles) - {str(row[0]) for row in answers["roles"]}
    if missing:
        raise Unverified(f"the database has no role {', '.join(sorted(missing))}; see [database] in the settings")
    columns = _grouped(answers["columns"])
    constraints = _grouped(answers["constraints"])
    policies = _grouped(answers["policies"])
    granted = _grouped(answers["granted"])
    relations = {}
    for row in answers["relations"]:
        oid = _int(row[0])
        relations[oid] = _relation(row, columns[oid], constraints[oid], policies[oid], granted[oid])
    return Catalog(
        relations,
        tuple(_function(row) for row in answers["functions"]),
        _state(answers),
    )


def state(database: Database, settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """`Catalog.state` alone, as it is now. Raises Unverified when it cannot be read."""
    return _state(_answers(database, settings, {f"state:{kind}": sql for kind, sql in catalog_sql.STATE.items()}))


def _state(answers: Mapping[str, list[tuple[object, ...]]]) -> dict[str, dict[str, str]]:
    return {kind: {str(name): str(text) for name, text in answers[f"state:{kind}"]} for kind in catalog_sql.STATE}


def _roles(settings: Settings) -> list[str]:
    return [settings.database.anonymous_role, settings.database.signed_in_role, settings.database.service_role]


def _answers(database: Database, settings: Settings, queries: Mapping[str, str]) -> dict[str, list[tuple[object, ...]]]:
    """What each query answers, in one read-only transaction."""
    asked = {
        "schemas": [*settings.database.exposed_schemas, "storage"],
        "roles": _roles(settings),
        "api": [settings.database.anonymous_role, settings.database.signed_in_role],
        "login": settings.database.api_login,
        "named": [str(settings.tenancy.root), str(settings.tenancy.membership.table)],
    }
    with database.transaction(read_only=True) as cursor:
        return {name: cursor.execute(sql.encode(), asked).fetchall() for name, sql in queries.items()}


class _Groups(dict[int, list[tuple[object, ...]]]):
    def __missing__(self, key: int) -> list[tuple[object, ...]]:
        return []


def _grouped(rows: Iterable[tuple[object, ...]]) -> _Groups:
    groups = _Groups()
    for oid, *rest in rows:
        groups.setdefault(_int(oid), []).append(tuple(rest))
    return groups


def _relation(
    row: tuple[object, ...],
    columns: list[tuple[object, ...]],
    constraints: list[tuple[object, ...]],
    policies: list[tuple[object, ...]],
    granted: list[tuple[object, ...]],
) -> Relation:
    oid, schema, name, kind, owner, exposed, rls, forced, invoker, parent, writable, triggers, rules, reads = row
    privileges: dict[str, dict[Privilege, tuple[str, ...]]] = {}
    for role, privilege, names in granted:
        privileges.setdefault(str(role), {})[_privilege(privilege)] = _texts(names)
    return Relation(
        oid=_int(oid),
        schema=str(schema),
        name=str(name),
        kind=KINDS[str(kind)],
        owner=str(owner),
        exposed=bool(exposed),
        rls=bool(rls),
        forced=bool(forced),
        security_invoker=bool(invoker),
        parent=None if parent is None else _int(parent),
        writable=frozenset(_privilege(privilege) for privilege in _texts(writable)),
        triggers=_texts(triggers),
        rules=_texts(rules),
        columns=tuple(_column(column) for column in columns),
        keys=tuple(_texts(found[2]) for found in constraints if found[0] in ("p", "u")),
        foreign_keys=tuple(
            ForeignKey(str(found[1]), _texts(found[2]), _int(found[3]), _texts(found[4]))
            for found in constraints
            if found[0] == "f"
        ),
        checks=tuple((str(found[1]), str(found[5])) for found in constraints if found[0] == "c" and found[5]),
        policies=tuple(_policy(policy) for policy in policies),
        granted=privileges,
        reads=tuple(_int(read) for read in reads) if isinstance(reads, list) else (),
    )


def _column(row: tuple[object, ...]) -> Column:
    name, declared, base, category, labels, length, required, default, identity, generated = row
    return Column(
        name=str(name),
        declared=str(declared),
        type=str(base),
        category=str(category),
        labels=_texts(labels),
        length=None if length is None else _int(length),
        required=bool(required),
        default=bool(default),
        identity=str(identity),
        generated=bool(generated),
    )


COMMANDS: dict[str, Literal["all", "select", "insert", "update", "delete"]] = {
    "*": "all",
    "r": "select",
    "a": "insert",
    "w": "update",
    "d": "delete",
}


def _policy(row: tuple[object, ...]) -> Policy:
    name, command, permissive, roles, using, check = row
    return Policy(
        str(name),
        COMMANDS[str(command)],
        bool(permissive),
        _texts(roles),
        None if using is None else str(using),
        None if check is None else str(check),
    )


def _function(row: tuple[object, ...]) -> Function:
    oid, schema, name, signature, definer, volatility, returns, arguments, roles, body = row
    volatilities: dict[str, Literal["volatile", "stable", "immutable"]] = {
        "v": "volatile",
        "s": "stable",
        "i": "immutable",
    }
    return Function(
        oid=_int(oid),
        schema=str(schema),
        name=str(name),
        signature=str(signature),
        security_definer=bool(definer),
        volatility=volatilities[str(volatility)],
        returns=str(returns),
        arguments=tuple(
            Argument(str(a["name"]), str(a["type"]), str(a["category"]), _texts(a["labels"]), bool(a["optional"]))
            for a in (arguments if isinstance(arguments, list) else [])
        ),
        roles=_texts(roles),
        body=str(body),
    )


def _privilege(value: object) -> Privilege:
    privileges: dict[str, Privilege] = {p: p for p in ("select", "insert", "update", "delete")}
    return privileges[str(value)]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _int(value: object) -> int:
    return int(str(value))
