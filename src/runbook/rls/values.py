"""Values for canary rows: from a column's type, its labels and its constraints; the event's marker wherever one fits.

Nothing here knows a schema. The server judges: what it refuses is tried again with the next candidate.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache

from runbook.rls.catalog import Column, Relation

QUOTED = re.compile(r"'((?:[^']|'')*)'")
NUMBER = re.compile(r"(?<![\w'.])-?\d+(?:\.\d+)?(?![\w'])")
WORD = re.compile(r'"(?:[^"]|"")+"|[\w$]+')

Value = str | None
"""A value as PostgreSQL reads it from text; None is NULL."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What the rows of one synthetic event carry, so that they are known again wherever they come out.

    `key` stands in ids, `secret` in texts and nowhere else: a function that is given an id may give that back.
    """

    key: str
    secret: str
    number: int

    @classmethod
    def new(cls) -> Marker:
        """Twelve random hexadecimal digits each, and seven decimal ones."""
        return cls(secrets.token_hex(6), secrets.token_hex(6), 1_500_000 + secrets.randbelow(600_000))

    @property
    def traces(self) -> tuple[str, ...]:
        """What to look for in the text of a row."""
        return (self.key, self.secret, str(self.number))


@dataclass(frozen=True, slots=True)
class Constrained:
    """The literals that a relation's constraints hold against one of its columns."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]


@lru_cache(maxsize=4096)
def constrained(checks: tuple[tuple[str, str], ...], column: str) -> Constrained:
    """What CHECK constraints, domains and partition bounds say of a column, as literals."""
    texts: list[str] = []
    numbers: list[str] = []
    for _, check in checks:
        if column in names_in(check):
            texts += [found.replace("''", "'") for found in QUOTED.findall(check)]
            numbers += NUMBER.findall(QUOTED.sub(" ", check))
    return Constrained(tuple(dict.fromkeys(texts)), tuple(dict.fromkeys(numbers)))


def names_in(expression: str) -> set[str]:
    """The names that an expression may mention, unquoted."""
    bare = QUOTED.sub(" ", expression)
    return {word[1:-1].replace('""', '"') if word[0] == '"' else word for word in WORD.findall(bare)}


def choices(relation: Relation, column: Column) -> tuple[Value, ...]:
    """The few values that a column may have, where they are few: rows of every kind are to be hidden."""
    if column.labels:
        return column.labels
    if column.category == "B":
        return ("true", "false")
    if column.category == "S":
        found = constrained(relation.checks, column.name).texts
        return found if len(found) > 1 else ()
    return ()


SHAPES = (
    *("a@b.example", "https://a.example", "+628120000000", "081200000000", "2030-01-01", "ABC", "abc", "1", "12345"),
    *("3171000000000001", "#aabbcc", "a-b", ""),
)
"""What texts are commonly made to look like by a CHECK constraint."""

UUID_LENGTH = 36
DAY = "2031-05-05"
PLAIN: dict[str, str] = {
    "date": DAY,
    "timestamp without time zone": f"{DAY} 09:00:00",
    "timestamp with time zone": f"{DAY} 09:00:00+00",
    "time without time zone": "09:00:00",
    "time with time zone": "09:00:00+00",
    "interval": "1 day",
    "bytea": "\\x00",
    "inet": "192.0.2.1",
    "cidr": "192.0.2.0/24",
    "macaddr": "02:00:00:00:00:01",
    "macaddr8": "02:00:00:00:00:00:00:01",
    "point": "(0,0)",
    "box": "(1,1),(0,0)",
    "path": "((0,0),(1,1))",
    "polygon": "((0,0),(1,1),(1,0))",
    "circle": "<(0,0),1>",
    "lseg": "[(0,0),(1,1)]",
    "line": "{1,1,0}",
    "xml": "<r/>",
    "tsvector": "",
    "tsquery": "",
    "pg_lsn": "0/0",
    "bit": "0",
    "bit varying": "0",
    "money": "1",
}


BESIDE: dict[str, tuple[str, ...]] = {
    "date": ("2031-05-06", "2031-05-04", "1999-12-31"),
    "timestamp without time zone": (f"{DAY} 10:00:00", f"{DAY} 08:00:00", "1999-12-31 09:00:00"),
    "timestamp with time zone": (f"{DAY} 10:00:00+00", f"{DAY} 08:00:00+00", "1999-12-31 09:00:00+00"),
    "time without time zone": ("10:00:00", "08:00:00"),
    "time with time zone": ("10:00:00+00", "08:00:00+00"),
    "interval": ("2 days", "1 hour"),
}
"""A later and an earlier one, as what ends has to end after it began; and one of long ago."""


def candidates(relation: Relation, column: Column, marker: Marker, serial: int, variant: int) -> list[Value]:
    """What to try for a column, the best first; empty where nothing fits and the column must do without.

    `serial` tells the rows of one event apart; `variant` walks through the values of a column that has few.
    """
    few = choices(relation, column)
    if few:
        return [*few[variant % len(few) :], *few[: variant % len(few)]]
    found = constrained(relation.checks, column.name)
    return [*_fitting(column, marker, serial), *(_near(column, found)), *([] if column.required else [None])]


def _fitting(column: Column, marker: Marker, serial: int) -> list[Value]:
    match column.category, column.type:
        case _, "uuid":
            return [f"{serial:08x}-0000-4000-8000-{marker.key}"]
        case "S", _:
            text = f"{marker.secret}-{serial}"
            if column.length is not None and len(text) > column.length:
                # Digits are neither upper nor lower case: a short code is often made to be one of them.
                return [f"{serial:0{column.length}d}"[-column.length :]]
            # A mail address carries the marker as well as anything does, and many a text has to be one.
            return [text] if column.length is not None and column.length < 36 else [text, f"{text}@canary.example"]
        case "N", "smallint":
            return [str(20_000 + serial), str(serial)]
        case "N", "integer" | "bigint" | "oid":
            return [str(marker.number * 1000 + serial), str(serial)]
        case "N", _:
            large = marker.number * 1000 + serial
            return [str(large if column.length is None or column.length > 9 else serial), str(serial)]
        case "A", _:
            return [f"{{{marker.secret}-{serial}}}" if column.type in ("text[]", "character varying[]") else "{}"]
        case "R", _:
            return ["{}" if column.type.endswith("multirange") else "empty"]
        case _, "json" | "jsonb":
            return [f'{{"canary": "{marker.secret}-{serial}"}}', f'["{marker.secret}-{serial}"]']
    plain = PLAIN.get(column.type)
    return [] if plain is None else [plain, *BESIDE.get(column.type, ())]


def _near(column: Column, found: Constrained) -> list[Value]:
    """Values on both sides of the literals in the constraints."""
    if column.category == "N":
        around = [float(number) + step for number in found.numbers for step in (0, 1, -1)]
        return [f"{number:g}" for number in dict.fromkeys(around)]
    if column.category == "S":
        return list(dict.fromkeys(text[: column.length] for text in (*found.texts, *SHAPES)))
    return [text for text in found.texts if column.type != "uuid" or len(text) == UUID_LENGTH]
