"""The reference Admin in a real browser, against the real API on another origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect

from runbook.admin.browser import launched
from tests.stack.api_client import A, B, System, system

# The least contrast between a visible element's own text and the nearest background behind it (WCAG 2.2, relative
# luminance). Colours are read back from a canvas, which resolves whatever notation the browser computed.
LEAST_CONTRAST = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [1, 1, 1, 1];
  };
  const contrast = (element) => {
    const colours = [rgba(getComputedStyle(element).color), behind(element)];
    const [high, low] = colours.map(luminance).sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const all = [...document.body.querySelectorAll("*")].filter((element) => element.checkVisibility() && own(element));
  return Math.min(...all.map(contrast));
}
"""


@pytest.fixture(scope="module")
def api() -> Iterator[System]:
    with system() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(None) as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 375, "height": 720}, locale="id-ID") as context:
        yield context


@pytest.fixture
def page(api: System, context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto(api["ADMIN_URL"])
    return page


def sign_in(api: System, page: Page, person: str = "both", password: str | None = None) -> None:
    page.fill("#email", f"{person}@runbook.example")
    page.fill("#password", password if password is not None else api["PASSWORD"])
    page.click("#sign-in")


def test_a_person_signs_in_sees_the_events_and_opens_one(api: System, context: BrowserContext) -> None:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    asked: list[tuple[str, str | None]] = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("x-event-id"))))
    page.goto(api["ADMIN_URL"])
    sign_in(api, page)
    expect(page.locator("[data-event]")).to_have_count(2)
    expect(page.locator("#who")).to_have_text("both@runbook.example")
    page.click(f'[data-event="{B}"]')
    expect(page.locator("#event-title")).to_have_text("Pelatihan Keselamatan 2026 — Surabaya")
    expect(page.locator("[data-enrollment]")).to_have_count(4)
    expect(page.locator("#event-facts")).to_have_text(re.compile(r"2\S6 Maret 2026"))
    page.click("#back")
    page.click(f'[data-event="{A}"]')
    expect(page.locator("#event-title")).to_have_text("Pelatihan Keselamatan 2026 — Jakarta")
    inside = [(url.removeprefix(api["API_URL"]), event) for url, event in asked if event]
    assert set(inside) == {(path, event) for path in ("/events/current", "/enrollments") for event in (A, B)}
    assert complaints == []
    own = (api["ADMIN_URL"], api["API_URL"])
    assert [url for url, _ in asked if not url.startswith(own)] == []


def test_a_wrong_password_is_told_in_both_languages(api: System, page: Page) -> None:
    sign_in(api, page, "both", "wrong")
    expect(page.locator("[role=alert]")).to_contain_text("Surel atau kata sandi salah.")
    expect(page.locator("[role=alert] [lang=en]")).to_have_text("Wrong e-mail or password.")
    expect(page.locator("#events-view")).to_be_hidden()
    sign_in(api, page)
    expect(page.locator("[data-event]")).to_have_count(2)
    expect(page.locator("[role=alert]")).to_be_empty()


def test_a_person_without_events_is_told_so(api: System, page: Page) -> None:
    sign_in(api, page, "outsider")
    expect(page.locator("#no-events")).to_be_visible()


def test_an_ended_session_leads_back_to_signing_in_and_leaves_no_data(api: System, page: Page) -> None:
    sign_in(api, page)
    page.click(f'[data-event="{A}"]')
    expect(page.locator("[data-enrollment]")).to_have_count(4)
    ended = httpx.get(f"{api['API_URL']}/events", headers={"authorization": "Bearer ended", "origin": api["ADMIN_URL"]})
    page.route("**/events", lambda route: route.fulfill(status=401, body=ended.content, headers=dict(ended.headers)))
    page.click("#back")
    expect(page.locator("[role=alert]")).to_contain_text("Sesi Anda sudah berakhir.")
    expect(page.locator("#sign-in-view")).to_be_visible()
    expect(page.locator("[data-enrollment], [data-event]")).to_have_count(0)
    expect(page.locator("#who")).to_be_empty()


def test_signing_out_leaves_no_data(api: System, page: Page) -> None:
    sign_in(api, page)
    page.click(f'[data-event="{A}"]')
    page.click("#sign-out")
    expect(page.locator("#sign-in-view")).to_be_visible()
    expect(page.locator("[data-enrollment], [data-event]")).to_have_count(0)
    assert page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_an_unreachable_api_is_told(api: System, page: Page) -> None:
    page.route("**/auth/**", lambda route: route.abort())
    sign_in(api, page)
    expect(page.locator("[role=alert]")).to_contain_text("API tidak dapat dihubungi.")


def test_a_server_error_names_the_request(api: System, page: Page) -> None:
    sign_in(api, page)
    expect(page.locator("[data-event]")).to_have_count(2)
    api.sql("alter table public.enrollments rename column status to away")
    try:
        page.click(f'[data-event="{A}"]')
        expect(page.locator("[role=alert] code")).to_have_text(re.compile(r"request_id [0-9a-f-]{36}"))
    finally:
        api.sql("alter table public.enrollments rename column away to status")


def test_a_slow_answer_does_not_replace_what_was_asked_for_later(api: System, page: Page) -> None:
    sign_in(api, page)
    held: list[Route] = []
    page.route("**/events/current", lambda route: held.append(route), times=1)
    page.click(f'[data-event="{A}"]')
    page.click(f'[data-event="{B}"]')
    expect(page.locator("#event-title")).to_contain_text("Surabaya")
    assert len(held) == 1
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#event-title")).to_contain_text("Surabaya")


def test_text_from_the_database_is_never_markup(api: System, page: Page) -> None:
    name = "<img src=x onerror=alert(1)>"
    participant = api.participant(B)
    api.sql("update public.participants set full_name = %s where id = %s", name, participant)
    api.sql("insert into public.enrollments (event_id, participant_id) values (%s, %s)", B, participant)
    try:
        sign_in(api, page)
        page.click(f'[data-event="{B}"]')
        expect(page.locator("[data-enrollment] td", has_text=name)).to_be_visible()
        expect(page.locator("main img")).to_have_count(0)
    finally:
        api.sql("delete from public.enrollments where participant_id = %s", participant)
        api.sql("delete from public.participants where id = %s", participant)


def test_the_policy_lets_in_no_inline_script_and_no_foreign_resource(api: System, page: Page) -> None:
    document = httpx.get(api["ADMIN_URL"])
    policy = dict(part.split(maxsplit=1) for part in document.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == api["API_URL"]
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\bstyle=|(?:src|href)=\"(?!/)", document.text) == []
    blocked = (
        "() => { const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s); }"
    )
    with pytest.raises(Error, match="TrustedScript"):
        page.evaluate(blocked)
    assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 1200])
def test_it_fits_the_width_and_its_text_stands_out(api: System, page: Page, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for shown in ("#sign-in", "[data-event]", "[data-enrollment]"):
        if shown == "[data-event]":
            sign_in(api, page)
        elif shown == "[data-enrollment]":
            page.click(f'[data-event="{A}"]')
        expect(page.locator(shown).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(LEAST_CONTRAST) >= 4.5  # WCAG 2.2, 1.4.3


def test_every_field_has_a_label_and_headings_do_not_skip(api: System, page: Page) -> None:
    for field in ("Surel", "Kata sandi"):
        expect(page.get_by_label(field)).to_be_visible()
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((heading) => Number(heading.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.evaluate("document.documentElement.lang") == "id"


def test_from_another_origin_the_browser_blocks_the_pages_calls(api: System, page: Page) -> None:
    page.goto(api["ADMIN_URL"].replace("127.0.0.1", "localhost"))
    sign_in(api, page)
    expect(page.locator("[role=alert]")).to_contain_text("API tidak dapat dihubungi.")
    expect(page.locator("[data-event]")).to_have_count(0)


@pytest.mark.parametrize("path", ["/healthz", "/", "/app.js", "/words.js", "/style.css", "/icon.svg", "/config.js"])
def test_every_file_is_served(api: System, path: str) -> None:
    assert httpx.get(api["ADMIN_URL"] + path).status_code == 200


@pytest.mark.parametrize("path", ["/app.py", "/../app.py", "/static/index.html", "/%2e%2e/app.py"])
def test_nothing_else_is_served(api: System, path: str) -> None:
    assert httpx.get(api["ADMIN_URL"] + path).status_code == 404


def test_the_configuration_holds_public_values_only(api: System) -> None:
    config = httpx.get(f"{api['ADMIN_URL']}/config.js").text
    assert api["API_URL"] in config
    for secret in ("JWT_SECRET", "PASSWORD", "DATABASE_DSN", "AUTHENTICATOR_DSN"):
        assert api[secret] not in config
