"""The Admin page in a real browser: signed in to, looked at, and photographed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runbook.errors import Unverified

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from runbook.settings import Admin

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
"""Browsers that may be on the machine, in the order in which they are tried."""

FOREIGN_ORIGIN = "http://another-site.localhost"
"""Where the same page is shown from in order to be refused. `localhost` keeps the browser's own rules about private
networks out of it: what blocks the page's calls is CORS alone."""

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


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
    context = browser.new_context(service_workers="block")
    context.set_default_timeout(limit * 1000)
    try:
        if from_foreign_origin:
            context.route(f"{FOREIGN_ORIGIN}/**", lambda route: _relay(route, admin.url))
        page = context.new_page()
        seen = _Watch(page)
        try:
            page.goto((FOREIGN_ORIGIN if from_foreign_origin else admin.url) + admin.events_page)
            page.fill(admin.sign_in.email, email)
            page.fill(admin.sign_in.password, password)
            page.click(admin.sign_in.submit)
        except Error as error:
            raise Unverified(
                f"the Admin's sign-in page cannot be used: {error.message.splitlines()[0]} (admin.url, admin.sign_in)"
            ) from None
        loaded = _wait(page, admin.loaded, seen, limit)
        if screenshot is not None:
            screenshot.parent.mkdir(parents=True, exist_ok=True)
            private = [admin.sign_in.email, admin.sign_in.password, *admin.private]
            masked = [page.locator(selector) for selector in private]
            page.screenshot(path=screenshot, mask=masked, mask_color="#808080")
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
    finally:
        context.close()


class _Watch:
    """Collects what goes wrong on a page, as addresses and counts."""

    def __init__(self, page: Page) -> None:
        self.cors: list[str] = []
        self.unauthenticated: list[str] = []
        self.failed: list[str] = []
        self.page_errors = 0
        self.console_errors = 0
        page.on("requestfailed", lambda request: self.failed.append(f"{request.method} {_place(request.url)}"))
        page.on("response", lambda response: self._response(response.status, response.url))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda _: self._page_error())

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

    def _page_error(self) -> None:
        self.page_errors += 1


def _wait(page: Page, selector: str, seen: _Watch, limit: float) -> bool:
    """Until the events are there and the network is at rest, or until something has gone wrong."""
    from playwright.sync_api import TimeoutError as Expired

    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if _shown(page, selector):
            try:
                page.wait_for_load_state("networkidle", timeout=limit * 1000)
            except Expired:
                return False
            return True
        if seen.cors or seen.unauthenticated or seen.failed:
            page.wait_for_timeout(200)
            return _shown(page, selector) > 0
        page.wait_for_timeout(20)
    return False


def _shown(page: Page, selector: str) -> int:
    """How many such elements can be seen; what the page keeps hidden does not count."""
    return page.locator(selector).filter(visible=True).count()


def _relay(route: Route, admin_url: str) -> None:
    parts = urlsplit(route.request.url)
    route.fulfill(response=route.fetch(url=f"{admin_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")))


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
