"""The page of `runbook rls matrix` in a real browser: it needs nothing else, and shows at once where it is open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.admin.browser import launched
from stack.postgres import Server
from tests.documents import VARIABLES
from tests.rls_targets import Make, maker, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of these tests' own."""
    with serving("rls-page") as started:
        yield started


@pytest.fixture
def target(server: Server, tmp_path: Path) -> Make:
    """Makes the target."""
    return maker(server, tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, started once."""
    with launched(None) as started:
        yield started


def opened(browser: Browser, path: Path, **options: object) -> tuple[Page, list[str]]:
    """The page as a browser shows it, and whatever it complained of or asked for."""
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: trouble.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    return page, trouble


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_the_page_says_at_first_glance_where_it_is_open(
    target: Make, browser: Browser, width: int, scheme: str
) -> None:
    view = {"width": width, "height": 800}
    page, trouble = opened(browser, target("rls_off.sql").page(), viewport=view, color_scheme=scheme)
    assert trouble == []
    verdict = page.locator("#verdict").bounding_box()
    first = page.locator("tbody.open th.name").bounding_box()
    assert verdict is not None
    assert first is not None
    assert verdict["y"] + verdict["height"] < view["height"]
    assert first["y"] < view["height"]
    assert "public.enrollments" in page.locator("#verdict").inner_text()
    assert page.locator("tbody").first.get_attribute("class") == "open"
    assert page.locator("td .s.open").count() == 24
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page itself scrolls sideways"
    page.context.close()


def test_the_names_stay_in_sight_on_a_phone(target: Make, browser: Browser) -> None:
    page, _ = opened(browser, target().page(), viewport={"width": 390, "height": 800})
    before = page.locator("tbody th.name").first.bounding_box()
    page.locator(".scroll").evaluate("box => { box.scrollLeft = 400 }")
    assert page.locator(".scroll").evaluate("box => box.scrollLeft") > 0
    assert page.locator("tbody th.name").first.bounding_box() == before
    page.context.close()


def test_the_page_needs_no_colour_and_no_eyes(target: Make, browser: Browser) -> None:
    page, _ = opened(browser, target("rls_off.sql").page())
    table = page.locator("table.matrix")
    assert table.locator("th[scope=colgroup]").count() == 6
    assert table.locator("th[scope=col]").count() == 30
    assert table.locator("th[scope=rowgroup]").count() == 11
    texts = table.locator("td .s").evaluate_all("all => all.map(one => one.querySelector('.vh').textContent)")
    assert all(texts)
    assert any("OPEN" in text for text in texts)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("#item-")
    page.context.close()


def test_the_page_brings_what_is_needed_to_replay_a_leak(target: Make, browser: Browser) -> None:
    made = target("rls_off.sql")
    page, _ = opened(browser, made.page())
    finding = page.locator("article.finding.open")
    placing = finding.locator("details pre").first.text_content()
    cell = finding.locator("li", has_text="outsider, select").first
    assert made.psql(f"{placing}\n{cell.locator('pre').text_content()}\nrollback;\n")[-1] == "1"
    page.context.close()


def test_a_closed_system_has_nothing_to_tell(target: Make, browser: Browser) -> None:
    page, trouble = opened(browser, target().page())
    assert trouble == []
    assert page.locator("#verdict.closed").count() == 1
    assert page.locator("article").count() == 0
    page.context.close()


def test_names_are_shown_and_not_obeyed_and_no_secret_is_shown(target: Make) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    made = target(
        sql=f'create table public."{hostile}" (id int); create table public."{VARIABLES["RUNBOOK_PASSWORD"]}" (id int)'
    )
    page = made.page().read_text(encoding="utf-8")
    assert "<img" not in page
    assert "&lt;img src=x" in page
    for text in (page, made.rls("matrix").output, made.rls("matrix", "--format", "json").output):
        assert not [name for name, value in VARIABLES.items() if value in text]
        assert made.dsn not in text
