"""The three rehearsals, from the first violated check to the report: each step comes to the exit code that it names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 300
TOLD = {
    "p0": ("FAILED", "whole", "report.html"),
    "p1": ("FAILED", "INCONCLUSIVE", "whole", "report.html"),
    "p2": ("FAILED", "IMPROVEMENT (BUGFIX ONLY)", "whole", "report.html"),
}


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 20)
@pytest.mark.parametrize("severity", TOLD)
def test_rehearsal_comes_to_its_end(severity: str) -> None:
    ran = subprocess.run(
        ["bash", str(ROOT / "stack" / "rehearsals" / f"{severity}.sh")],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    for text in (*TOLD[severity], "PASSED profile=reopen", "closed by run", "index.html"):
        assert text in ran.stdout
