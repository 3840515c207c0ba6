"""The Admin page in a real browser: signed in to, looked at, and photographed."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tenacity import retry, retry_if_exception_type, stop_after_attempt

from runbook.admin.relay import elsewhere
from runbook.errors import Unverified

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

    from runbook.settings import Admin

INSTALLED = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
"""Browsers that may be on the machine, in the order in which they are tried: the one without windows starts in half
the time."""

AT_REST = 0.25
"""Seconds without a request after which a page is taken to have done what it does."""

RESTLESS = 3.0
"""Seconds after which events that are shown are enough, though the page still has a request under way: a long poll."""

REFUSED = re.compile(r"(?i)\bunauthori[sz]ed\b|\bforbidden\b|\bjwt\b|\b(invalid|expired) token\b|\b40[13]\b")
"""How a page's own script says that it was not let in."""
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
"""How the browser ends what is under way when this machine gets or loses an address: also for requests to itself."""
LOOKS = 5
BY_THE_BROWSER = "Failed to load resource"
"""How the browser begins its message about an answer, which is known by its status already."""

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


class NetworkChanged(Unverified):
    """What the browser saw says nothing of the system: its requests were ended on this machine."""


undisturbed = retry(retry=retry_if_exception_type(NetworkChanged), stop=stop_after_attempt(LOOKS), reraise=True)
"""Look again, LOOKS times in all, when this machine's network changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser saw of the events page: no text of the page, of a message or of a request's body."""

    loaded: bool
    events: int
    cors_errors: tuple[str, ...]
    authentication_errors: tuple[str, ...]
    failed_requests: tuple[str, ...]
    page_errors: int
    console_errors: int
    screenshot: Path | None
    seconds: float


def executable(named: str | None) -> str | None:
    """The browser to use: the one named, else one that is installed; None for Playwright's own."""
    if named is not None:
        found = shutil.which(named)
        if found is None:
            raise Unverified(f"admin.browser: there is no program {named}")
        return found
    return next((path for name in INSTALLED if (path := shutil.which(name))), None)


@contextmanager
def launched(named: str | None) -> Iterator[Browser]:
    """A headless browser. Raises Unverified when there is none, and says how to get one."""
    from playwright.sync_api import Error, sync_playwright

    path = executable(named)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, chromium_sandbox=False)
        except Error:
            raise Unverified(
                f"the browser {path} did not start; name another one as admin.browser"
                if path
                else "there is no browser: `make browser` installs one, or name one as admin.browser"
            ) from None
        try:
            yield browser
        finally:
            browser.close()


@undisturbed
def visit(
    browser: Browser,
    admin: Admin,
    email: str,
    password: str,
    *,
    limit: float,
    from_foreign_origin: bool = False,
    screenshot: Path | None = None,
) -> Visit:
    """Open the Admin, sign in and wait for the events, at most `limit` seconds each.

    From the foreign origin the very same page is shown under another address; its calls then are that origin's.
    Raises Unverified when the page or its sign-in form is not there at all.
    """
    from playwright.sync_api import Error

    began = time.monotonic()
    with (
        elsewhere(admin.url, limit=limit) if from_foreign_origin else nullcontext(admin.url) as origin,
        browser.new_context(service_workers="block") as context,
        context.new_page() as page,
        Watch(page) as seen,
    ):
        context.set_default_timeout(limit * 1000)
        try:
            page_answer = page.goto(origin + admin.events_page)
            if page_answer is not None and not page_answer.ok:
                raise Unverified(f"the Admin's page was answered {page_answer.status} (admin.url, admin.events_page)")
            page.fill(admin.sign_in.email, email)
            page.fill(admin.sign_in.password, password)
            page.click(admin.sign_in.submit)
        except Error as error:
            raise Unverified(
                f"the Admin's sign-in page cannot be used: {error.message.splitlines()[0]} (admin.url, admin.sign_in)"
            ) from None
        loaded = _wait(page, admin.loaded, seen, limit)
        if screenshot is not None:
            pictured(page, admin, screenshot)
        return Visit(
            loaded=loaded,
            events=_shown(page, admin.loaded),
            cors_errors=tuple(seen.cors),
            authentication_errors=tuple(seen.unauthenticated),
            failed_requests=tuple(seen.failed),
            page_errors=seen.page_errors,
            console_errors=seen.console_errors,
            screenshot=screenshot,
            seconds=time.monotonic() - began,
        )


def pictured(page: Page, admin: Admin, path: Path) -> None:
    """A picture of the page, with what is private on it blacked out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    private = [admin.sign_in.email, admin.sign_in.password, *admin.private]
    masked = [page.locator(selector) for selector in private]
    page.screenshot(path=path, mask=masked, mask_color="#808080")


class Watch:
    """Collects what goes wrong on a page, as addresses and counts. Raises NetworkChanged at its end."""

    def __init__(self, page: Page) -> None:
        self.cors: list[str] = []
        self.unauthenticated: list[str] = []
        self.failed: list[str] = []
        self.page_errors = 0
        self.console_errors = 0
        self.requests = 0
        self._network_changed = False
        self._under_way: set[Request] = set()
        self._changed = time.monotonic()
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._failed)
        page.on("response", lambda response: self._response(response.status, response.url))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda _: self._page_error())

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        if self._network_changed:
            raise NetworkChanged(
                f"the network of this machine changed while the browser looked, {LOOKS} times: run it again when"
                " nothing here connects or starts containers"
            ) from None

    @property
    def trouble(self) -> bool:
        """Whether a call of the page was refused or blocked, or failed."""
        return bool(self.cors or self.unauthenticated or self.failed)

    def at_rest(self, since: float) -> bool:
        """Whether no request is under way, and none was for a moment, which began at that time or later. (Playwright's
        own "networkidle" is reached once for a page, however much it asks for later.)"""
        return not self._under_way and time.monotonic() - max(self._changed, since) >= AT_REST

    def _began(self, request: Request) -> None:
        self.requests += 1
        self._under_way.add(request)

    def _ended(self, request: Request) -> None:
        self._under_way.discard(request)
        self._changed = time.monotonic()

    def _failed(self, request: Request) -> None:
        self._ended(request)
        self.failed.append(f"{request.method} {_place(request.url)}")
        self._network_changed |= request.failure == NETWORK_CHANGED

    def _response(self, status: int, url: str) -> None:
        if status in (401, 403):
            self.unauthenticated.append(f"{status} {_place(url)}")
        elif status >= 400:
            self.failed.append(f"{status} {_place(url)}")

    def _console(self, type_: str, text: str) -> None:
        if type_ == "error":
            self.console_errors += 1
            if "CORS policy" in text or "Access-Control-" in text:
                self.cors.append("a call was blocked by CORS policy")
            elif REFUSED.search(text) and not text.startswith(BY_THE_BROWSER):
                self.unauthenticated.append("a message of the page's own")

    def _page_error(self) -> None:
        self.page_errors += 1


def _wait(page: Page, selector: str, seen: Watch, limit: float) -> bool:
    """Whether the events are shown, once they are or something has gone wrong, and the page is at rest."""
    began = time.monotonic()
    deadline, shown = began + limit, False
    while time.monotonic() < deadline and not (seen.at_rest(began) and (shown or seen.trouble)):
        page.wait_for_timeout(20)
        if not shown and _shown(page, selector):
            shown, deadline = True, min(deadline, time.monotonic() + RESTLESS)
    return _shown(page, selector) > 0


def _shown(page: Page, selector: str) -> int:
    """How many such elements can be seen; what the page keeps hidden does not count."""
    return page.locator(selector).filter(visible=True).count()


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
