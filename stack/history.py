"""What happened before anybody looks: one decision, made through the API as an assessor makes it, so that the logs have
one to tell of."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from stack.state import DEADLINE

ASSESSOR = "assessor-b@runbook.example"
EVENT = "22222222-2222-4222-8222-222222222222"
ENROLLMENT = "cccccccc-0000-4000-8000-000000000007"


def make(environment: Mapping[str, str]) -> None:
    """Sign in and decide. A system with a planted defect may refuse: then nothing has happened there."""
    address = urlsplit(environment["STACK_API_URL"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=DEADLINE)
    with suppress(OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        key = {"apikey": environment["STACK_ANON_KEY"]}
        who = {"email": ASSESSOR, "password": environment["STACK_PASSWORD"]}
        token = _post(connection, "/auth/v1/token?grant_type=password", key, who)["access_token"]
        headers = {"authorization": f"Bearer {token}", "x-event-id": EVENT}
        _post(connection, "/decisions", headers, {"enrollment_id": ENROLLMENT, "outcome": "passed"})
    connection.close()


def _post(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], content: object
) -> dict[str, object]:
    connection.request("POST", path, json.dumps(content), {"content-type": "application/json", **headers})
    answer: dict[str, object] = json.loads(connection.getresponse().read())
    return answer
