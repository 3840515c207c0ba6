"""What an auditor or another tool reads: each a pure function of the record, which always gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbook.evidence.formats import hdf, intoto, junit, openmetrics, oscal, traceability
from runbook.evidence.run import Run

Digests = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """The file's name, and what makes it.

    `write` takes the run, and the SHA-256 of each of the files that are evidence, by path.
    """

    file: str
    write: Callable[[Run, Digests], bytes]


FORMATS = {
    "test-result": Format("test-result.intoto.json", lambda run, files: intoto.written(intoto.test_result(run, files))),
    "svr": Format("svr.intoto.json", lambda run, files: intoto.written(intoto.svr(run, files))),
    "oscal-plan": Format(oscal.PLAN, lambda run, _: oscal.plan(run)),
    "oscal-results": Format(oscal.RESULTS, lambda run, _: oscal.results(run)),
    "hdf": Format("hdf.json", lambda run, _: hdf.results(run)),
    "traceability": Format("traceability.csv", lambda run, _: traceability.table(run)),
    "openmetrics": Format("metrics.txt", lambda run, _: openmetrics.metrics(run)),
    "junit": Format("verdict.junit.xml", lambda run, _: junit.testsuites(run)),
}
"""Every format by its name."""
