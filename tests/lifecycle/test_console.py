"""What a page of the Admin does wrong shows in its console, and no secret in the HAR."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from runbook.admin import browser as browser_module
from runbook.admin.browser import launched
from runbook.admin.console import HAR, Console, consoles
from runbook.errors import Unverified
from runbook.evidence.redact import Redactor
from runbook.settings import Admin, SignIn
from tests.lifecycle.system import SECONDS, Answering, answer

MARKER = "not-to-be-written-anywhere"
CALL = f'fetch("/call?token={MARKER}", {{ headers: {{ authorization: "Bearer {MARKER}", cookie: "{MARKER}" }} }})'
PAGES = {
    "/good": "<p>good</p><script>console.error('nothing to do with it')</script>",
    "/refused": f"<script>{CALL}</script>",
    "/told": "<script>console.error('JWT expired')</script>",
    "/failed": "<script>fetch('/nowhere')</script>",
    "/thrown": f"<script>throw new Error('{MARKER}')</script>",
    "/form": (
        '<input id="email"><input id="password" type="password"><button id="in">in</button>'
        f"<script>document.getElementById('in').onclick = () => {CALL}</script>"
    ),
}
NOT_THERE = "/not-there"


def serve(handler: BaseHTTPRequestHandler) -> None:
    path = handler.path.partition("?")[0]
    icon = path == "/favicon.ico"
    answer(handler, 200 if path in PAGES or icon else 401 if path == "/call" else 404, PAGES.get(path, MARKER))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(None) as browser:
        yield browser


@pytest.fixture(scope="module")
def seen(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Console | Unverified], Path]:
    """Every page, looked at once, and the folder of what was written."""
    folder = tmp_path_factory.mktemp("run")
    with Answering(serve) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser_module, "AT_REST", 0.05)
        form = SignIn.model_validate({"email": "#email", "password": "#password", "submit": "#in"})
        admin = Admin(url=url, origin=url, persona="x", sign_in=form, loaded="p", pages=(*PAGES, NOT_THERE))
        found = consoles(
            browser, admin, "somebody@mine.example", MARKER, limit=SECONDS, folder=folder, redactor=Redactor()
        )
    return found, folder


@pytest.mark.parametrize(
    ("page", "wrong"),
    {
        "/good": {},
        "/refused": {"authentication": 1},
        "/told": {"authentication": 1},
        "/failed": {"failed": 1},
        "/thrown": {"thrown": 1},
        "/form": {"authentication": 1},
    }.items(),
)
def test_each_page_shows_what_is_wrong_with_it_and_nothing_else(
    seen: tuple[dict[str, Console | Unverified], Path], page: str, wrong: dict[str, int]
) -> None:
    console = seen[0][page]
    assert isinstance(console, Console)
    assert {
        "authentication": len(console.authentication_errors),
        "failed": len(console.failed_requests),
        "thrown": console.page_errors,
    } == {"authentication": 0, "failed": 0, "thrown": 0, **wrong}
    assert console.screenshot.read_bytes().startswith(b"\x89PNG")


def test_a_page_that_is_not_there_proves_nothing(seen: tuple[dict[str, Console | Unverified], Path]) -> None:
    found = seen[0][NOT_THERE]
    assert isinstance(found, Unverified)
    assert "answered 404" in str(found)


def test_the_har_names_every_request_and_holds_no_secret(seen: tuple[dict[str, Console | Unverified], Path]) -> None:
    text = (seen[1] / HAR).read_text(encoding="utf-8")
    assert MARKER not in text
    log = json.loads(text)["log"]
    assert [page["id"] for page in log["pages"]] == [*PAGES, NOT_THERE]
    calls = [entry for entry in log["entries"] if "/call" in entry["request"]["url"]]
    assert [entry["pageref"] for entry in calls] == ["/refused", "/form"]
    for entry in calls:
        assert entry["request"]["url"].endswith("/call?token=***")
        assert entry["request"]["queryString"] == [{"name": "token", "value": "***"}]
        assert entry["response"]["status"] == 401
        names = {header["name"] for part in ("request", "response") for header in entry[part]["headers"]}
        assert names == {"content-type", "content-length"}
