"""JUnit XML that keeps to the verdict: what was not verified is an error, where pytest's own file says skipped."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from runbook.evidence.formats.account import Row, accounts, moment, told
from runbook.evidence.run import Run
from runbook.text import line

ELEMENTS = {"violated": "failure", "unverified": "error", "waived": "skipped", "out of scope": "skipped"}


def testsuites(run: Run) -> bytes:
    """One test suite a clause, one test case a check."""
    root = ET.Element("testsuites", name=f"runbook: {told(run, 'target')}: {run.judgement.verdict}")
    for account in accounts(run):
        counts = Counter(row.outcome for row in account.rows)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=account.clause.id,
            timestamp=moment(run.began),
            tests=str(len(account.rows)),
            failures=str(counts["violated"]),
            errors=str(counts["unverified"]),
            skipped=str(counts["waived"] + counts["out of scope"]),
        )
        properties = ET.SubElement(suite, "properties")
        for name, value in (("severity", account.clause.severity), *sorted(account.clause.wording.items())):
            ET.SubElement(properties, "property", name=name, value=value)
        for row in account.rows:
            _case(suite, row)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True).encode()


def _case(suite: ET.Element, row: Row) -> None:
    file, _, name = row.name.partition("::")
    place = file.removesuffix(".py").replace("/", ".")
    case = ET.SubElement(suite, "testcase", classname=line(place), name=line(name or file), time=f"{row.seconds:.4f}")
    if element := ELEMENTS.get(row.outcome):
        ET.SubElement(case, element, type=row.outcome, message=line(row.reason))
