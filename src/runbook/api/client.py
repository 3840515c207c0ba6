"""A client of the API whose answers can be shown: no body, no token and no unlisted header in any of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_exponential_jitter

from runbook.errors import Unreachable, Unverified
from runbook.evidence.journal import Journal
from runbook.settings import Api, Timeouts

KEPT_HEADERS = frozenset(
    {
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-max-age",
        "content-type",
        "vary",
        "x-request-id",
    }
)
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_MANY_REQUESTS = 429
"""Neither the API's refusal nor its answer: something before it has had enough (RFC 6585, 4)."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
NO_ANSWER = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")
"""What is on this machine is never asked for through a proxy of the environment."""

Header = tuple[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Its text shows status, domain code and kept headers; the body stays inside."""

    status: int
    code: str | None
    headers: Mapping[str, str]
    elapsed: float
    body: object = field(repr=False)
    envelope: str = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is in 200 to 299."""
        return 200 <= self.status < 300

    @property
    def values_beside_error(self) -> int:
        """How many values the body holds outside the error envelope: 0 when a refusal gives nothing away.

        Where the code stands at the top, as in PostgREST's errors, plain texts beside it belong to the error.
        """
        if isinstance(self.body, dict):
            flat = not isinstance(self.body.get(self.envelope, {}), dict)
            beside = [value for key, value in self.body.items() if key != self.envelope]
            return sum(1 for value in beside if not flat or isinstance(value, dict | list))
        return 0 if self.body in (None, "") else 1

    def values_at(self, path: str) -> list[str]:
        """Every value at a dotted path, as text; lists on the way are walked through."""
        return [str(value) for value in _at(self.body, path.split(".")) if value is not None]

    @property
    def texts(self) -> list[str]:
        """Every single value in the body, as text."""
        return list(_texts(self.body))

    @property
    def identifiers(self) -> set[str]:
        """The `id` of every row in the body."""
        return {str(value) for row in _objects(self.body) if (value := row.get("id")) is not None}

    def mentions(self, value: str) -> bool:
        """Whether a value stands anywhere in the body, keys included, whatever its letters' case."""
        keys = [key for part in _objects(self.body) for key in part]
        return any(value.lower() in text.lower() for text in [*self.texts, *keys])


class Client:
    """Sends requests over one kept connection; network errors are repeated until one deadline, answers never."""

    def __init__(self, api: Api, timeouts: Timeouts, journal: Journal) -> None:
        self.api = api
        self._timeouts = timeouts
        self._journal = journal
        self._silent: set[bytes] = set()
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeouts.request, connect=timeouts.connect),
            headers={"user-agent": "runbook", "accept": "application/json"},
            follow_redirects=False,
            mounts=dict.fromkeys(DIRECT),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def reach(self, path: str) -> Answer | None:
        """Ask without a token whether anything answers there; None when nothing does within the deadline."""
        try:
            return self.send("GET", path)
        except Unreachable:
            return None

    def get(self, path: str, *, token: str | None = None, event: str | None = None) -> Answer:
        """GET a path, with a bearer token and in an event where they are given."""
        headers: list[Header] = [(self.api.event_header, event)] if event else []
        return self.send("GET", path, token=token, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Sequence[Header] = (),
        query: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        """One exchange with the API. Raises Unreachable when there is no answer within the deadline, and Unverified
        when the request cannot be sent or the answer not be read."""
        bearer: list[Header] = [] if token is None else [("authorization", f"Bearer {token}".strip())]
        url = path if path.startswith("http") else self.api.base_url + path
        request = self._http.build_request(
            method,
            url,
            params=query,
            json=json,
            headers=[
                (name.encode(), value.encode() if isinstance(value, str) else value)
                for name, value in [*bearer, *headers]
            ],
        )
        answer = self._read(self._exchange(request))
        self._journal.note(
            "http",
            request=f"{method} {path}",
            status=answer.status,
            code=answer.code,
            request_id=answer.headers.get("x-request-id"),
            milliseconds=round(answer.elapsed * 1000, 1),
        )
        if answer.status == TOO_MANY_REQUESTS:
            limited = "the server limits requests (429); allow more for this run"
            raise Unverified(f"{method} {request.url.path} was not answered: {limited}")
        return answer

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        shown, host = f"{request.method} {request.url.path}", request.url.host
        if request.url.netloc in self._silent:
            raise Unreachable(f"{shown} was not sent, because {host} already gave no answer in this run")
        tries = Retrying(
            retry=retry_if_exception_type(NO_ANSWER if request.method in SAFE_TO_REPEAT else NOT_SENT),
            stop=stop_before_delay(self._timeouts.retry),
            wait=wait_exponential_jitter(multiplier=0.1, max=2, jitter=0.1),
            before_sleep=lambda state: self._journal.note("retry", request=shown, attempt=state.attempt_number),
            reraise=True,
        )
        began = time.monotonic()
        try:
            return tries(self._attempt, request, began + self._timeouts.retry)
        except NO_ANSWER as error:
            self._silent.add(request.url.netloc)
            waited = time.monotonic() - began
            raise Unreachable(f"{shown} got no answer from {host} in {waited:.1f} s ({type(error).__name__})") from None
        except httpx.RequestError as error:
            raise Unverified(f"{shown} cannot be sent or its answer not be read ({type(error).__name__})") from None

    def _attempt(self, request: httpx.Request, deadline: float) -> httpx.Response:
        left = max(deadline - time.monotonic(), 0.001)
        limits = httpx.Timeout(min(self._timeouts.request, left), connect=min(self._timeouts.connect, left))
        request.extensions = {**request.extensions, "timeout": limits.as_dict()}
        return self._http.send(request)

    def _read(self, response: httpx.Response) -> Answer:
        try:
            body = response.json() if response.content else None
        except ValueError:
            body = response.text
        steps = self.api.errors.code_at.split(".")
        code = next((str(value) for value in _at(body, steps) if value is not None), None)
        known = {*self.api.errors.unauthenticated, *self.api.errors.event_required, *self.api.errors.event_denied}
        return Answer(
            status=response.status_code,
            code=code if code in known else ("(another code)" if code else None),
            headers={name: value for name, value in response.headers.items() if name in KEPT_HEADERS},
            elapsed=response.elapsed.total_seconds(),
            body=body,
            envelope=steps[0],
        )


def _at(value: object, steps: Sequence[str]) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(item)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
