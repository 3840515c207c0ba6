"""What the browser's console says on each page of the Admin, kept as a picture and as a HAR.

The HAR (http://www.softwareishard.com/blog/har-12-spec/) is written here, and not by Playwright: its own holds tokens
and passwords, and would have to stand on a disk before anything could be taken out of it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from runbook.admin.browser import RESTLESS, Watch, pictured, undisturbed
from runbook.errors import Unverified
from runbook.evidence.redact import MARK

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Request, Response

    from runbook.evidence.redact import Redactor
    from runbook.settings import Admin

HAR = "admin-console.har"
KEPT_HEADERS = frozenset(
    {
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-request-headers",
        "access-control-request-method",
        "cache-control",
        "content-length",
        "content-security-policy",
        "content-type",
        "origin",
        "vary",
        "x-request-id",
    }
)
"""Of the headers only these are written."""


@dataclass(frozen=True, slots=True)
class Console:
    """What went wrong on one page: no text of a message, of the page or of a body."""

    page: str
    requests: int
    cors_errors: tuple[str, ...]
    authentication_errors: tuple[str, ...]
    failed_requests: tuple[str, ...]
    page_errors: int
    screenshot: Path


def consoles(
    browser: Browser, admin: Admin, email: str, password: str, *, limit: float, folder: Path, redactor: Redactor
) -> dict[str, Console | Unverified]:
    """Each page of the settings, opened in one session and looked at until it is at rest, or why it could not be.

    Where a page shows the sign-in form it is signed in to. Pictures go to `folder`/screenshots, the HAR to `folder`.
    """
    found: dict[str, Console | Unverified] = {}
    exchanges: dict[str, list[dict[str, object]]] = {}
    with browser.new_context(service_workers="block") as context:
        context.set_default_timeout(limit * 1000)
        for path in admin.pages_read:
            name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "start"
            picture = folder / "screenshots" / f"admin-console-{name}.png"
            exchanges[path] = []
            try:
                found[path] = _look(context, admin, path, (email, password), limit, picture, exchanges[path])
            except Unverified as error:
                found[path] = error
    (folder / HAR).write_text(json.dumps(redactor.value(_har(exchanges)), indent=1), encoding="utf-8")
    return found


@undisturbed
def _look(
    context: BrowserContext,
    admin: Admin,
    path: str,
    who: tuple[str, str],
    limit: float,
    picture: Path,
    exchanges: list[dict[str, object]],
) -> Console:
    from playwright.sync_api import Error

    with context.new_page() as page, _Entries(page, exchanges), Watch(page) as seen:
        try:
            answer = page.goto(admin.url + path)
            if answer is not None and not answer.ok:
                raise Unverified(f"the Admin's page {path} was answered {answer.status} (admin.pages)")
            _until_at_rest(page, seen, limit)
            if page.locator(admin.sign_in.email).filter(visible=True).count():
                page.fill(admin.sign_in.email, who[0])
                page.fill(admin.sign_in.password, who[1])
                page.click(admin.sign_in.submit)
                _until_at_rest(page, seen, limit)
            pictured(page, admin, picture)
        except Error as error:
            raise Unverified(f"the Admin's page {path} cannot be used: {error.message.splitlines()[0]}") from None
        return Console(
            page=path,
            requests=seen.requests,
            cors_errors=tuple(seen.cors),
            authentication_errors=tuple(seen.unauthenticated),
            failed_requests=tuple(seen.failed),
            page_errors=seen.page_errors,
            screenshot=picture,
        )


def _until_at_rest(page: Page, seen: Watch, limit: float) -> None:
    """Whatever else it has under way then is a long poll."""
    began = time.monotonic()
    while not seen.at_rest(began) and time.monotonic() < began + min(limit, RESTLESS):
        page.wait_for_timeout(20)


class _Entries:
    """Every request of a page, with its answer, added to the exchanges at its end."""

    def __init__(self, page: Page, exchanges: list[dict[str, object]]) -> None:
        self._exchanges = exchanges
        self._answers: dict[Request, Response | None] = {}
        page.on("request", self._asked)
        page.on("response", self._answered)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self._exchanges.extend(self._written())

    def _written(self) -> Iterator[dict[str, object]]:
        """As HAR has them: without bodies, values of queries, cookies, and headers that are not listed."""
        for request, answer in self._answers.items():
            timing = request.timing
            waited = max(timing["responseEnd"], 0)
            yield {
                "startedDateTime": datetime.fromtimestamp(timing["startTime"] / 1000, UTC).isoformat(),
                "time": waited,
                "request": {
                    "method": request.method,
                    "url": _url(request.url),
                    "httpVersion": "",
                    "headers": _kept(request.headers),
                    "queryString": [{"name": name, "value": MARK} for name, _ in _query(request.url)],
                    "cookies": [],
                    "headersSize": -1,
                    "bodySize": -1,
                },
                "response": {
                    "status": answer.status if answer is not None else 0,
                    "statusText": answer.status_text if answer is not None else "",
                    "httpVersion": "",
                    "headers": _kept(answer.headers) if answer is not None else [],
                    "cookies": [],
                    "content": {"size": -1, "mimeType": answer.headers.get("content-type", "") if answer else ""},
                    "redirectURL": "",
                    "headersSize": -1,
                    "bodySize": -1,
                },
                "cache": {},
                "timings": {"send": 0, "wait": waited, "receive": 0},
                "comment": request.failure or "",
            }

    def _asked(self, request: Request) -> None:
        self._answers[request] = None

    def _answered(self, response: Response) -> None:
        self._answers[response.request] = response


def _kept(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(headers.items()) if name.lower() in KEPT_HEADERS]


def _url(url: str) -> str:
    """Without who signs in, without values of the query, without a fragment."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={MARK}" for name, _ in _query(url))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{'?' if query else ''}{query}"


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _har(exchanges: Mapping[str, list[dict[str, object]]]) -> dict[str, object]:
    pages = [
        {
            "id": path,
            "title": path,
            "startedDateTime": entries[0]["startedDateTime"] if entries else datetime.now(UTC).isoformat(),
            "pageTimings": {},
        }
        for path, entries in exchanges.items()
    ]
    every = [{"pageref": path, **entry} for path, entries in exchanges.items() for entry in entries]
    return {"log": {"version": "1.2", "creator": {"name": "runbook", "version": "1"}, "pages": pages, "entries": every}}
