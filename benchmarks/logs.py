"""What reading an API's log takes: ours, `jq` for the same groups, and `grep` for the 5xx alone, as the floor.

python -m benchmarks.logs [--gigabytes N] [--rounds N]      0.2 and 3 unless told
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

from benchmarks import measure
from benchmarks.measure import Run, run, spread

LINES = 200_000
"""Different lines; the log repeats them."""
ROUTES = ["/events", "/events/current", "/enrollments", "/decisions", "/audit"]
REFUSALS = [
    (401, "InvalidToken"),
    (403, "PermissionDeniedForEvent"),
    (409, "EnrollmentAlreadyExists"),
    (400, "EventContextRequired"),
    (500, "InternalError"),
]
JQ = """
reduce (inputs | select(.status != null and .ts >= $since)) as $line ({};
  .total += 1 | .routes[$line.path] += 1
  | if $line.status >= 400 then
      ([$line.status, $line.error_code, $line.method, $line.path, $line.event_id] | tostring) as $kind
      | .groups[$kind].count += 1 | .groups[$kind].last = $line.ts | .groups[$kind].first //= $line.ts
    else . end)
"""
OURS = """
import sys
from datetime import UTC, datetime, timedelta
from runbook.logs.api_log import read_log
from runbook.logs.window import Window
from runbook.settings_logs import ApiLog

log = ApiLog(kind="file", path=sys.argv[1], fields={"time": "ts", "route": "path", "code": "error_code"})
now = datetime.now(UTC)
report = read_log(log, Window(now - timedelta(days=1), now, "a day"), 5)
print(report.requests, len(report.groups), file=sys.stderr)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    measure.LIMIT = 3600
    with tempfile.TemporaryDirectory() as temporary:
        log = Path(temporary) / "api.log"
        megabytes = make(log, options.gigabytes * 1000)
        found: dict[str, list[Run]] = {name: [] for name in commands(log)}
        for _ in range(options.rounds):
            for name, command in commands(log).items():
                found[name].append(run(command, Path(temporary), dict(os.environ), ends=(0, 1)))
        show(megabytes, found)


def commands(log: Path) -> dict[str, list[str]]:
    """Who reads it, and how; each takes one core."""
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    programs = {
        "ours": [sys.executable, "-c", OURS, str(log)],
        "jq": ["jq", "-n", "--arg", "since", since, JQ, str(log)],
        # Into a pipe: to /dev/null grep stops at the first line that it finds.
        "grep": ["sh", "-c", f"grep -c '\"status\": 5' '{log}' | cat"],
    }
    return {name: command for name, command in programs.items() if shutil.which(command[0]) is not None}


def make(path: Path, megabytes: float) -> float:
    """A log of about this size, a twentieth of it refusals; its real size in megabytes."""
    chance = random.Random(4711)
    now = datetime.now(UTC) - timedelta(hours=1)
    count = min(LINES, int(megabytes * 1e6 / 300))
    block = "".join(line(chance, now + timedelta(milliseconds=15 * number)) for number in range(count)).encode()
    with path.open("wb") as file:
        while file.tell() < megabytes * 1e6:
            file.write(block[: block.rfind(b"\n", 0, int(megabytes * 1e6 - file.tell()) + 400) + 1])
    return path.stat().st_size / 1e6


def line(chance: random.Random, moment: datetime) -> str:
    """One line as the reference API writes it."""
    status, code = chance.choice(REFUSALS) if chance.random() < 0.05 else (200, None)
    fields = {
        "ts": moment.isoformat(timespec="milliseconds"),
        "level": "info" if status < 400 else "warning",
        "message": "request",
        "request_id": str(UUID(int=chance.getrandbits(128), version=4)),
        "method": "GET",
        "path": chance.choice(ROUTES),
        "user_id": f"aaaaaaaa-0000-4000-8000-{chance.randrange(100):012}",
        "event_id": f"11111111-1111-4111-8111-{chance.randrange(10):012}",
        "status": status,
        "error_code": code,
        "duration_ms": round(chance.random() * 50, 1),
    }
    return json.dumps(fields) + "\n"


def show(megabytes: float, found: dict[str, list[Run]]) -> None:
    """Medians, with the noise."""
    print(f"{megabytes:.0f} MB of JSON lines, read from the page cache")
    for name, runs in found.items():
        seconds = [one.seconds for one in runs]
        print(
            f"  {name:5} {megabytes / median(seconds):7.0f} MB/s   {spread(seconds, 's')}"
            f"   peak {max(one.megabytes for one in runs):.0f} MB"
        )
    if "jq" in found:
        ratio = [jq.seconds / ours.seconds for jq, ours in zip(found["jq"], found["ours"], strict=True)]
        print(f"  jq takes {spread(ratio, 'times as long')}", flush=True)


if __name__ == "__main__":
    main()
