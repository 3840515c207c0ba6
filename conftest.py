"""Wires the fixtures, and nothing else."""

from __future__ import annotations

# In the order in which they build on each other: pytest wants to import each before another one does.
pytest_plugins = (
    "fixtures.clauses",
    "fixtures.target",
    "fixtures.population",
    "fixtures.evidence",
    "fixtures.rls",
    "fixtures.incident",
    "fixtures.incident_told",
    "fixtures.aftermath",
    "fixtures.verdict",
    "fixtures.seal",
    "fixtures.database",
    "fixtures.posture",
    "fixtures.api",
    "fixtures.admin",
    "fixtures.logs",
    "fixtures.lifecycle",
    "fixtures.release",
)
