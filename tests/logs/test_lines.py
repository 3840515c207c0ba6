"""A block that is read at once gives what it gives line by line, whatever stands in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.logs.lines import Lines, Read
from runbook.logs.sources import Block

PATHS = ["time", "status", "error.code", "error.more.deep"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e300, 1e300), st.text(max_size=3)
)
INNER = st.dictionaries(
    st.sampled_from(["code", "more", "deep", "x"]), SCALARS | st.lists(SCALARS, max_size=2), max_size=3
)
VALUES = st.one_of(SCALARS, INNER, st.dictionaries(st.just("more"), INNER), st.lists(INNER, max_size=2))
OBJECTS = st.dictionaries(st.sampled_from(["time", "status", "error", "other"]), VALUES).map(
    lambda content: json.dumps(content).encode()
)
SPOILT = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [b"", b" ", b"\r", b"{}", b"[]", b"1", b'"x"', b"{", b"}", b'{"a":', b"1}", b"{} {}", b"{}{}", b"\xff"]
    ),
    OBJECTS.map(lambda text: text[: len(text) // 2]),
    OBJECTS.map(lambda text: text.replace(b",", b",\n")),
    OBJECTS.map(lambda text: b" " + text + b"\r"),
)
BLOCKS = st.tuples(st.lists(st.one_of(OBJECTS, SPOILT), max_size=5), st.sampled_from([b"", b"\n"])).map(
    lambda made: b"\n".join(made[0]) + made[1]
)


def found_in(data: bytes, *, at_once: bool) -> tuple[list[tuple[object, ...]], Read]:
    lines, read = Lines(PATHS), Read()
    block = Block("x", 1, data)
    values = lines.of(block, read) if at_once else lines._one_by_one(block, read)
    return [value for value in values if value], read


@settings(max_examples=200, deadline=None)
@given(BLOCKS)
def test_at_once_and_line_by_line_are_the_same(data: bytes) -> None:
    assert repr(found_in(data, at_once=True)) == repr(found_in(data, at_once=False))


def independently(line: bytes) -> tuple[object, ...] | None:
    """The same by the standard library."""
    document = json.loads(line)
    values: list[object] = []
    for path in PATHS:
        value: object = document
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        values.append(value)
    return tuple(values)


@settings(max_examples=100, deadline=None)
@given(st.lists(OBJECTS, min_size=1, max_size=4))
def test_what_is_read_is_what_the_standard_library_reads(lines: list[bytes]) -> None:
    values, read = found_in(b"\n".join(lines) + b"\n", at_once=True)
    assert values == [independently(line) for line in lines]
    assert (read.lines, read.malformed) == (len(lines), 0)


@pytest.mark.parametrize("spoilt", [b"no json", b"[1]", b'{"time": 1', b"{} {}", b'{"time": "\xff"}', b'{"time": 01}'])
def test_a_line_that_is_no_object_is_counted_by_its_place_and_costs_no_other(spoilt: bytes) -> None:
    values, read = found_in(b'{"time": 1}\n' + spoilt + b'\n\n{"time": 2}\n', at_once=True)
    assert [value[0] for value in values] == [1, 2]
    assert (read.lines, read.malformed, read.places) == (3, 1, ["x, line 2: no object of JSON"])


@pytest.mark.parametrize(
    "data", [b"{} {}\n\n", b'{"time":\n{}} {}\n', b'{"time":\n1} {}\n', b'{"time": [{}\n,{}]}\n{}{}\n']
)
def test_lines_that_are_no_object_each_are_malformed_also_where_there_are_as_many_objects(data: bytes) -> None:
    assert found_in(data, at_once=True)[1].malformed > 0
    assert repr(found_in(data, at_once=True)) == repr(found_in(data, at_once=False))


def test_an_object_that_is_spread_over_two_lines_is_two_malformed_lines() -> None:
    values, read = found_in(b'{"time": 1}\n{"time":\n2}\n', at_once=True)
    assert ([value[0] for value in values], read.malformed) == ([1], 2)


def test_a_last_line_that_is_still_being_written_is_not_malformed() -> None:
    values, read = found_in(b'{"time": 1}\n{"time": 2, "sta', at_once=True)
    assert ([value[0] for value in values], read.lines, read.malformed) == ([1], 1, 0)
    assert [value[0] for value in found_in(b'{"time": 1}\n{"time": 2}', at_once=True)[0]] == [1, 2]


def test_nothing_of_a_malformed_line_is_kept_and_of_many_only_the_first_places() -> None:
    _, read = found_in(b"password=canary\n" * 100, at_once=True)
    assert read.malformed == 100
    assert len(read.places) == 5
    assert "canary" not in repr(read)
