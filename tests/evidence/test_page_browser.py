"""The page of a run in a real browser: it needs nothing else, and the verdict is what one sees first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.admin.browser import launched
from runbook.clauses import of_section
from runbook.evidence.page import Seal, page
from runbook.evidence.page.words import WORDS
from runbook.evidence.record import CheckRecord
from runbook.evidence.run import Run
from tests.evidence.test_page import BOTH, DRIFT, EXPOSURE, ISOLATION, MARKUP, PNG, check, facts, run_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
COMMANDS = ("select", "insert", "update", "delete", "move")
PEOPLE = ("organizer", "assessor", "participant", "both")
TOO_FAINT = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !one.checkVisibility() || one.closest('.vh, svg')) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push([walker.currentNode.textContent.trim(), ratio.toFixed(2)]);
  }
  return found;
}"""
FIRST_SEEN = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = [];
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    if (walker.currentNode.textContent.trim() && box.width > 1) seen.push([box.top, walker.currentNode.parentElement]);
  }
  const top = Math.min(...seen.map(one => one[0]));
  return seen.filter(one => one[0] === top).every(one => one[1].closest('#verdict'));
}"""
FITS = "document.documentElement.scrollWidth <= innerWidth"


def open_run(folder: Path) -> Run:
    """A run in which a table is open, an answer is missing, checks did not run, and the code was changed."""
    (folder / "screenshots").mkdir(parents=True, exist_ok=True)
    (folder / "screenshots" / "admin-events.png").write_bytes(PNG)
    return run_of(
        *good_checks(),
        check("R4", "violated", f"{ISOLATION}[public.open select]", "reads it", facts("select", organizer="reached")),
        check("R4", "unverified", f"{ISOLATION}[public.dark select]", "no row", facts("select", both="blind")),
        check("H2", "violated", "refused[GET /enrollments]", "answered 200"),
        check("H3", "out of scope", "forged", "the key is held elsewhere"),
        check("R4", "violated", f"{DRIFT}[policies]", "changed: p on public.open"),
        sections=["health", "rls"],
        not_run=["checks/health/test_cors.py::test_preflight_allows_what_admin_needs[GET]"],
        gaps=["worker gw1 died"],
        start={"clean": False},
        folder=folder,
    )


def good_checks() -> list[CheckRecord]:
    """One check of each clause, and those of access to four tables."""
    hidden = dict.fromkeys(PEOPLE, "hidden; control: organizer: own event")
    members = [
        check("R4", "held", f"{ISOLATION}[public.t{number} {command}]", None, facts(command, **hidden))
        for number in range(4)
        for command in COMMANDS
    ]
    strangers = [
        check("R4", "held", f"{EXPOSURE}[public.t{number} anonymous]", None, facts("select", anonymous="not granted"))
        for number in range(4)
    ]
    return [*(check(clause.id, "held") for clause in of_section("health")), *members, *strangers]


def hostile_run(folder: Path) -> Run:
    """A run in which everything is markup, or longer than any line."""
    long = "x" * 5000
    markup = [
        check(
            "R4", "violated", f"{ISOLATION}[{text}{long} select]", text + long, facts(text, **{text + long: "reached"})
        )
        for text in MARKUP
    ]
    start = {"target": long, "by": MARKUP[0] + long, "host": long, "severity": long, "api": long, long: long}
    return run_of(*markup, sections=["rls", "health"], gaps=[*MARKUP, long], start=start, folder=folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser, started once."""
    with launched(None) as started:
        yield started


def opened(browser: Browser, run: Run, seal: Seal | None = None, **options: object) -> tuple[Page, list[str]]:
    """The page as a browser shows it, and whatever it complained of or asked for."""
    run.folder.mkdir(parents=True, exist_ok=True)
    path = run.folder / "page.html"
    path.write_text(page(run, BOTH, seal), encoding="utf-8")
    shown = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    trouble: list[str] = []
    shown.on("console", lambda message: trouble.append(message.text))
    shown.on("pageerror", lambda error: trouble.append(str(error)))
    shown.on("dialog", lambda dialog: trouble.append(dialog.message))
    shown.on("request", lambda request: trouble.append(request.url) if elsewhere(request.url, path) else None)
    shown.goto(path.as_uri())
    return shown, trouble


def elsewhere(url: str, path: Path) -> bool:
    return url != path.as_uri() and not url.startswith("data:")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("verdict", ["FAILED", "PASSED"])
def test_the_verdict_is_seen_first_and_nothing_is_asked_for(
    browser: Browser, tmp_path: Path, verdict: str, view: dict[str, int], scheme: str
) -> None:
    run = (
        open_run(tmp_path)
        if verdict == "FAILED"
        else run_of(*good_checks(), sections=["health", "rls"], folder=tmp_path)
    )
    shown, trouble = opened(browser, run, viewport=view, color_scheme=scheme)
    assert trouble == []
    box = shown.locator("#verdict").bounding_box()
    assert box is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] < view["height"]
    assert shown.evaluate(FIRST_SEEN)
    for language in BOTH:
        assert WORDS[verdict][language] in shown.locator("h1").inner_text()
    about = shown.locator(".about-run").bounding_box()
    assert about is not None
    assert about["y"] + about["height"] < view["height"]
    assert shown.evaluate(FITS), "the page itself scrolls sideways"
    assert shown.evaluate(TOO_FAINT) == []
    shown.context.close()


def test_nothing_runs_and_nothing_breaks_the_width_whatever_a_record_holds(browser: Browser, tmp_path: Path) -> None:
    shown, trouble = opened(browser, hostile_run(tmp_path), viewport=PHONE)
    shown.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert trouble == []
    assert shown.locator("script").count() == 0
    assert shown.locator("#verdict").bounding_box()["height"] < PHONE["height"]  # type: ignore[index]
    assert shown.evaluate(FITS), "the page itself scrolls sideways"
    shown.context.close()


def test_wide_tables_scroll_within_themselves_and_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    shown, _ = opened(browser, open_run(tmp_path), viewport=PHONE)
    box = shown.locator(".scroll:has(.matrix)")
    box.focus()
    before = shown.locator(".matrix tbody th").first.bounding_box()
    assert box.evaluate("box => box === document.activeElement")
    box.evaluate("box => { box.scrollLeft = 200 }")
    assert box.evaluate("box => box.scrollLeft") > 0
    assert shown.locator(".matrix tbody th").first.bounding_box() == before
    shown.context.close()


def test_the_first_key_leads_to_what_was_violated_and_can_be_seen(browser: Browser, tmp_path: Path) -> None:
    shown, _ = opened(browser, open_run(tmp_path), viewport=DESKTOP)
    shown.keyboard.press("Tab")
    focused = shown.locator(":focus")
    assert "R4 P0" in focused.inner_text()
    assert (
        focused.evaluate("one => getComputedStyle(one).outlineStyle + getComputedStyle(one).outlineWidth") == "solid3px"
    )
    shown.keyboard.press("Enter")
    there = shown.locator("article.clause:target")
    assert there.locator(".id").inner_text() == "R4"
    assert "reads it" in there.inner_text()
    shown.context.close()


def test_the_matrix_needs_no_colour_and_no_eyes(browser: Browser, tmp_path: Path) -> None:
    shown, _ = opened(browser, open_run(tmp_path), viewport=DESKTOP)
    table = shown.locator("table.matrix")
    assert table.locator("th[scope=colgroup]").count() == 5
    assert table.locator("th[scope=col]").count() == 25
    assert table.locator("th[scope=row]").count() == 6
    signs = table.locator("td .s").evaluate_all(
        "all => all.map(one => one.className + ' ' + one.querySelector('[aria-hidden]').textContent"
        " + ' ' + one.querySelector('.vh').textContent)"
    )
    assert set(signs) == {"s r ✕ reached", "s b ? blind", "s h ○ hidden", "s g — not granted"}
    assert shown.get_by_role("img", name="Halaman event di Admin").count() == 1
    assert shown.get_by_role("heading", level=1).count() == 1
    assert shown.get_by_role("main").count() == shown.get_by_role("navigation").count() == 1
    shown.context.close()


def test_paper_shows_the_verdict_and_whatever_did_not_hold(browser: Browser, tmp_path: Path) -> None:
    shown, _ = opened(browser, open_run(tmp_path), viewport={"width": 703, "height": 1000}, color_scheme="dark")
    shown.emulate_media(media="print")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for text in ("reads it", "no row", "answered 200", "the key is held elsewhere", "worker gw1 died", "changed: p on"):
        assert shown.get_by_text(text).filter(visible=True).count() >= 1, text
    assert not shown.locator("nav").is_visible()
    assert shown.evaluate(FITS)
    assert shown.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    shown.context.close()


def test_a_check_that_held_is_found_once_its_clause_is_opened(browser: Browser, tmp_path: Path) -> None:
    shown, _ = opened(browser, open_run(tmp_path), viewport=DESKTOP)
    parameter = shown.locator(".of-clause").get_by_text("public.t3 delete", exact=True)
    assert not parameter.is_visible()
    shown.locator(".of-clause > summary", has_text="R4").click()
    assert parameter.is_visible()
    shown.context.close()


def test_a_seal_is_shown_with_its_files(browser: Browser, tmp_path: Path) -> None:
    seal = Seal("k" * 64, "Ayu", "2026-01-31T09:31:00Z", "e" * 64, (("run.jsonl", "a" * 64),))
    shown, trouble = opened(browser, open_run(tmp_path), seal, viewport=PHONE)
    assert trouble == []
    shown.get_by_text("Berkas yang disegel").click()
    assert shown.get_by_text("a" * 64).is_visible()
    assert shown.evaluate(FITS)
    shown.context.close()
