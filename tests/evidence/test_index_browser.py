"""The index in a real browser: it needs nothing else, and the verdict is what one sees first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.admin.browser import launched
from runbook.evidence.index import index
from runbook.evidence.index.words import WORDS
from tests.evidence.test_index import FIRST, HOUR, NOW
from tests.evidence.test_page import BOTH, MARKUP
from tests.evidence.test_page_browser import DESKTOP, FIRST_SEEN, FITS, PHONE, TOO_FAINT, elsewhere
from tests.evidence.written_history import write_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, started once."""
    with launched(None) as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of many runs of one target, and of one run that is markup and longer than any line."""
    reports = tmp_path_factory.mktemp("index") / "reports"
    for number in range(40):
        outcomes = {"H2": "violated", "H3": "unverified"} if number % 5 == 4 else {}
        write_run(reports, FIRST + number * HOUR, outcomes, killed=number % 9 == 0)  # type: ignore[arg-type]
    text = MARKUP[0] + "x" * 5000
    start = {"target": text, "by": text, "host": text, "severity": text, "commit": text, "alarms": [text]}
    write_run(reports, FIRST, gaps=[text, *MARKUP], start=start, target="long")
    path = reports / "index.html"
    path.write_text(index(reports, BOTH, {}, reports, NOW), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_verdict_is_seen_first_and_nothing_is_asked_for(
    browser: Browser, page: Path, view: dict[str, int], scheme: str
) -> None:
    shown = browser.new_context(viewport=view, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    trouble: list[str] = []
    shown.on("console", lambda message: trouble.append(message.text))
    shown.on("pageerror", lambda error: trouble.append(str(error)))
    shown.on("request", lambda request: trouble.append(request.url) if elsewhere(request.url, page) else None)
    shown.goto(page.as_uri())
    assert trouble == []
    box = shown.locator("#verdict").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < view["height"]
    assert shown.evaluate(FIRST_SEEN)
    for language in BOTH:
        assert WORDS["FAILED"][language] in shown.locator("h1").inner_text()
    assert shown.evaluate(FITS), "the page itself scrolls sideways"
    assert shown.evaluate(TOO_FAINT) == []
    shown.context.close()


def test_the_newest_run_is_in_sight_on_a_phone_and_the_older_are_reached(browser: Browser, page: Path) -> None:
    shown = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
    shown.goto(page.as_uri())
    grid = shown.locator(".newest").first
    cells = grid.locator("tbody tr").first.locator("td")
    edge = grid.bounding_box()
    newest, oldest = cells.last.bounding_box(), cells.first.bounding_box()
    assert edge is not None
    assert newest is not None
    assert oldest is not None
    assert edge["x"] <= newest["x"] < edge["x"] + edge["width"]
    assert oldest["x"] < edge["x"]
    cells.first.scroll_into_view_if_needed()
    there = cells.first.bounding_box()
    assert there is not None
    assert there["x"] > edge["x"]
    shown.context.close()
