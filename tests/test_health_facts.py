"""What is known about PostgreSQL's releases, and what is counted of a server and of its tables."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.database.health import OLDEST_SUPPORTED, RLS_CVES, Vitals, rls_faults
from runbook.database.population import ExposedTable, Population

MENDED = [(name, major, minor) for name, releases in RLS_CVES for major, minor in releases]
MAJORS = sorted({major for _, major, _ in MENDED})


@pytest.mark.parametrize(("name", "major", "minor"), MENDED, ids=str)
def test_a_fault_is_there_until_the_release_that_mends_it(name: str, major: int, minor: int) -> None:
    assert name in rls_faults(major * 10_000 + minor - 1)
    assert name in rls_faults(major * 10_000)
    assert name not in rls_faults(major * 10_000 + minor)
    assert name not in rls_faults(major * 10_000 + minor + 1)


@pytest.mark.parametrize(
    ("version", "faults"),
    {
        180_000: [],
        170_006: [],
        170_005: ["CVE-2025-8713"],
        160_002: ["CVE-2024-4317", "CVE-2024-10976", "CVE-2025-8713"],
        150_003: ["CVE-2023-39418", "CVE-2024-4317", "CVE-2024-10976", "CVE-2025-8713"],
        150_014: [],
        130_022: ["PostgreSQL 13 gets no security fixes any more"],
    }.items(),
)
def test_the_faults_of_a_release_are_those_that_its_project_names(version: int, faults: list[str]) -> None:
    assert rls_faults(version) == faults


@given(major=st.integers(9, 40), minor=st.integers(0, 60))
def test_a_newer_minor_release_never_has_a_fault_more(major: int, minor: int) -> None:
    older, newer = rls_faults(major * 10_000 + minor), rls_faults(major * 10_000 + minor + 1)
    assert set(newer) <= set(older)
    assert any("no security fixes" in fault for fault in newer) == (major < OLDEST_SUPPORTED)


@given(major=st.integers(OLDEST_SUPPORTED, max(MAJORS)))
def test_every_supported_release_can_be_free_of_faults(major: int) -> None:
    assert rls_faults(major * 10_000 + 9_999) == []


def test_each_fault_is_named_once_with_one_release_for_each_major() -> None:
    names = [name for name, _ in RLS_CVES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("CVE-") for name in names)
    assert len({(name, major) for name, major, _ in MENDED}) == len(MENDED)


def test_the_share_of_connections_is_of_those_that_are_allowed() -> None:
    values: dict[str, Any] = {field.name: 0 for field in fields(Vitals)}
    assert Vitals(**values | {"connections": 30, "max_connections": 40}).connection_share == 0.75


TABLE = ExposedTable("public.events", rls=True, policies=2, declared_public=False)


def test_a_population_reads_back_as_it_was_handed_over() -> None:
    for population in (Population((TABLE, replace(TABLE, name="public.b"))), Population((), unread="no connection")):
        found = Population.from_json(population.to_json())
        assert found == population
        assert found.digest == population.digest


@pytest.mark.parametrize("change", [{"name": "public.b"}, {"rls": False}, {"policies": 1}, {"declared_public": True}])
def test_the_digest_tells_populations_apart(change: dict[str, Any]) -> None:
    changed = Population((replace(TABLE, **change),))
    assert changed.digest != Population((TABLE,)).digest
    assert len({Population(()).digest, Population((), "unread").digest, Population((TABLE, TABLE)).digest}) == 3
