"""Every format is what it says that it is: by the official schemas, and by the readers that others wrote.

The schemas are not part of this repository: RUNBOOK_SCHEMAS names their folder.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from junitparser import JUnitXml

from runbook.evidence.formats import hdf, oscal
from runbook.evidence.formats.account import accounts, told
from tests.evidence.written_runs import FILES, FORGED, Draft, drafts, forged, in_all_formats, whole

SCHEMAS = Path(os.environ.get("RUNBOOK_SCHEMAS") or Path(__file__).parents[3] / "shared" / "schemas")
OSCAL = "oscal_assessment-results_schema.json"
HDF = "hdf_exec-json_schema.json"


def schema(name: str) -> dict[str, Any]:
    path = SCHEMAS / name
    if not path.is_file():
        pytest.skip(f"no {name} in {SCHEMAS}: RUNBOOK_SCHEMAS names the folder with the official schemas")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def plan_schema() -> dict[str, Any]:
    """OSCAL's assessment plan, put together from the definitions that it shares with the assessment results."""
    results = schema(OSCAL)
    common = "#/definitions/oscal-ar-oscal-assessment-common:"
    metadata = "#/definitions/oscal-ar-oscal-metadata:"
    component = "#/definitions/oscal-ar-oscal-implementation-common:system-component"
    several = {"type": "array", "minItems": 1}
    local = {
        "components": {**several, "items": {"$ref": component}},
        "objectives-and-methods": {**several, "items": {"$ref": f"{common}local-objective"}},
        "activities": {**several, "items": {"$ref": f"{common}activity"}},
    }
    properties = {
        "uuid": {"$ref": "#/definitions/UUIDDatatype"},
        "metadata": {"$ref": f"{metadata}metadata"},
        "import-ssp": {"$ref": f"{common}import-ssp"},
        "local-definitions": {"type": "object", "properties": local, "additionalProperties": False},
        "reviewed-controls": {"$ref": f"{common}reviewed-controls"},
        "assessment-subjects": {**several, "items": {"$ref": f"{common}assessment-subject"}},
        "back-matter": {"$ref": f"{metadata}back-matter"},
    }
    plan = {
        "type": "object",
        "properties": properties,
        "required": ["uuid", "metadata", "import-ssp", "reviewed-controls"],
        "additionalProperties": False,
    }
    return {
        **results,
        "properties": {"assessment-plan": plan},
        "required": ["assessment-plan"],
    }


def faults(schema_: dict[str, Any], data: bytes) -> list[str]:
    validator = jsonschema_rs.validator_for(schema_)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(json.loads(data))]


def test_the_official_schemas_refuse_what_is_wrong() -> None:
    _, files = in_all_formats(whole("health"))
    for name, schema_, spoilt in (
        ("hdf", schema(HDF), (b'"status":"passed"', b'"status":"fine"')),
        ("oscal-results", schema(OSCAL), (b'"state":"satisfied"', b'"state":"fine"')),
        ("oscal-results", schema(OSCAL), (b'"outcome"', b'"out come"')),
        ("oscal-plan", plan_schema(), (b'"control-id":"H1"', b'"control-id":"1 H"')),
    ):
        assert not faults(schema_, files[name])
        assert faults(schema_, files[name].replace(*spoilt)), (name, spoilt)


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_hdf_and_oscal_fit_the_official_schemas(draft: Draft) -> None:
    _, files = in_all_formats(draft)
    assert not faults(schema(HDF), files["hdf"])
    assert not faults(schema(OSCAL), files["oscal-results"])
    assert not faults(plan_schema(), files["oscal-plan"])


@pytest.mark.parametrize(("at", "seconds"), FORGED)
def test_impossible_times_and_durations_fit_the_official_schemas(at: str, seconds: object) -> None:
    run, _ = forged(at, seconds)
    assert not faults(schema(HDF), hdf.results(run))
    assert not faults(schema(OSCAL), oscal.results(run))
    assert not faults(plan_schema(), oscal.plan(run))


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_oscal_refers_only_to_what_is_there(draft: Draft) -> None:
    run, files = in_all_formats(draft)
    plan = json.loads(files["oscal-plan"])["assessment-plan"]
    document = json.loads(files["oscal-results"])["assessment-results"]
    [result] = document["results"]
    observed = [observation["uuid"] for observation in result["observations"]]
    related = [one["observation-uuid"] for found in result["findings"] for one in found["related-observations"]]
    assert observed == related
    assert len(set(observed)) == len(observed) == sum(len(account.rows) for account in accounts(run))
    objectives = [part["id"] for one in plan["local-definitions"]["objectives-and-methods"] for part in one["parts"]]
    assert objectives == [finding["target"]["target-id"] for finding in result["findings"]]
    assert document["import-ap"]["href"] == "oscal-assessment-plan.json"
    assert plan["import-ssp"]["href"] == "#" + plan["back-matter"]["resources"][0]["uuid"]


@settings(max_examples=20, deadline=None)
@given(drafts())
def test_trestle_reads_oscal(draft: Draft) -> None:
    plan = pytest.importorskip("trestle.oscal.assessment_plan", reason="compliance-trestle is not installed")
    results = pytest.importorskip("trestle.oscal.assessment_results", reason="compliance-trestle is not installed")
    _, files = in_all_formats(draft)
    plan.Model.model_validate_json(files["oscal-plan"])
    results.Model.model_validate_json(files["oscal-results"])


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_prometheus_reads_the_metrics(draft: Draft) -> None:
    parser = import_module("prometheus_client.openmetrics.parser")
    run, files = in_all_formats(draft)
    families = {family.name: family for family in parser.text_string_to_metric_families(files["openmetrics"].decode())}
    verdicts = {sample.labels["verdict"]: sample.value for sample in families["runbook_verdict"].samples}
    assert verdicts == {one: float(one == run.judgement.verdict) for one in ("PASSED", "INCONCLUSIVE", "FAILED")}
    samples = [sample for family in families.values() for sample in family.samples]
    assert {sample.labels["target"] for sample in samples} == {told(run, "target")}
    assert {name for sample in samples for name in sample.labels} <= {"target", "clause", "outcome", "verdict"}
    counted = sum(sample.value for sample in families["runbook_checks"].samples)
    assert counted == sum(len(account.rows) for account in accounts(run))
    assert len(samples) < 100
    held = {sample.labels["clause"]: sample.value for sample in families["runbook_clause_held"].samples}
    assert held == {account.clause.id: float(account.outcome == "held") for account in accounts(run)}


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_in_toto_reads_the_statements(draft: Draft) -> None:
    json_format = import_module("google.protobuf.json_format")
    statement = import_module("in_toto_attestation.v1.statement")
    messages = import_module("in_toto_attestation.v1.statement_pb2")
    test_result = import_module("in_toto_attestation.predicates.test_result.v0.test_result_pb2")
    run, files = in_all_formats(draft)
    for name in ("test-result", "svr"):
        read = json_format.Parse(files[name], messages.Statement())
        statement.Statement.copy_from_pb(read).validate()
        assert [one.digest["sha256"] for one in read.subject] == list(FILES.values())
    predicate = json_format.ParseDict(json.loads(files["test-result"])["predicate"], test_result.TestResult())
    rows = [row for account in accounts(run) for row in account.rows]
    bad = [row for row in rows if row.outcome in ("violated", "unverified")]
    assert len(predicate.failed_tests) == len(bad)
    assert predicate.configuration[0].annotations["verdict"] == run.judgement.verdict


@settings(max_examples=100, deadline=None)
@given(drafts())
def test_junitparser_reads_every_case(draft: Draft) -> None:
    run, files = in_all_formats(draft)
    suites = list(JUnitXml.fromstring(files["junit"]))
    assert [suite.name for suite in suites] == [account.clause.id for account in accounts(run)]
    for suite, account in zip(suites, accounts(run), strict=True):
        told_of = [type(case.result[0]).__name__.lower() if case.result else "" for case in suite]
        assert told_of == [_element(row.outcome) for row in account.rows]
        counted = [told_of.count(element) for element in ("failure", "error", "skipped")]
        assert counted == [suite.failures, suite.errors, suite.skipped]


def _element(outcome: str) -> str:
    return {"held": "", "violated": "failure", "unverified": "error", "waived": "skipped", "out of scope": "skipped"}[
        outcome
    ]
