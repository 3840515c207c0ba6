"""What `pytest checks/health` asks of a target, as a bare script: the same requests, queries and page visits, by the
same libraries, and nothing around them. Prints how many HTTP requests it sent."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from json import dumps

import httpx
import jwt
import psycopg
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from playwright.sync_api import ConsoleMessage, sync_playwright

from runbook.admin.browser import ARGUMENTS, executable
from runbook.admin.cors import foreign_origins
from runbook.admin.relay import elsewhere
from runbook.api.event_headers import UNUSABLE_EVENT_HEADERS

GIVEN = {name: os.environ[name] for name in os.environ if name.startswith("STACK_")}
API = GIVEN["STACK_API_URL"]
ADMIN = GIVEN["STACK_ADMIN_URL"]
PEOPLE = ("organizer", "assessor", "participant", "both", "outsider")
ROUTES = (
    "GET /events/current",
    "GET /enrollments",
    "POST /enrollments",
    "GET /decisions",
    "POST /decisions",
    "GET /audit",
)
NEEDED = "apikey,authorization,content-type,x-event-id"


def main() -> None:
    """Send everything once."""
    client = httpx.Client(timeout=10)
    sent = 0

    def send(method: str, path: str, headers: list[tuple[str, str | bytes]], json: object = None) -> httpx.Response:
        nonlocal sent
        sent += 1
        raw = [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in headers]
        answer = client.request(method, API + path, headers=raw, json=json)
        answer.json() if answer.headers.get("content-type") == "application/json" else answer.text
        return answer

    def bearer(token: str | None) -> list[tuple[str, str | bytes]]:
        return [] if token is None else [("authorization", f"Bearer {token}".strip())]

    tokens = {
        name: send(
            "POST",
            "/auth/v1/token?grant_type=password",
            [("apikey", GIVEN["STACK_ANON_KEY"])],
            json={"email": f"{name}@runbook.example", "password": GIVEN["STACK_PASSWORD"]},
        ).json()["access_token"]
        for name in PEOPLE
    }
    token = tokens["organizer"]
    claims = jwt.decode(token, options={"verify_signature": False})
    secret = GIVEN["STACK_JWT_SECRET"]
    now = int(time.time())
    changes = ({"exp": now - 60}, {"nbf": now + 60}, {"aud": "other"}, {"iss": "other"}, {"exp": None})
    invalid = [jwt.encode({k: v for k, v in (claims | change).items() if v is not None}, secret) for change in changes]
    invalid += [jwt.encode(claims, "x" * 32), jwt.encode(claims, "", algorithm="none"), GIVEN["STACK_ANON_KEY"]]
    invalid += [
        jwt.encode(claims, generate_private_key(SECP256R1()), algorithm="ES256"),
        "not.a.token",
        "",
        *invalid[6:7] * 2,
    ]
    send("GET", "/events", [])
    for name in PEOPLE * 2:
        send("GET", "/events", bearer(tokens[name]))
    for sent_token in (token, None, invalid[5], *invalid):
        send("GET", "/events", bearer(sent_token))

    with psycopg.connect(GIVEN["STACK_DATABASE_DSN"], autocommit=True, prepare_threshold=None) as connection:

        def ask(sql: str) -> list[tuple[object, ...]]:
            with connection.transaction(force_rollback=True), connection.cursor() as cursor:
                cursor.execute("select set_config('statement_timeout', '5000', true)")
                return cursor.execute(sql.encode()).fetchall()

        members = ask("select event_id::text, user_id::text from public.event_members order by 1")
        own = next(str(event) for event, user in members if user == claims["sub"])
        foreign = next(str(event) for event, _ in members if event != own)
        for _ in range(25):
            ask("select relname, relrowsecurity from pg_class where relkind = 'r'")

    for route in ROUTES:
        method, path = route.split()
        for header in UNUSABLE_EVENT_HEADERS:
            values: list[tuple[str, str | bytes]] = [("x-event-id", value) for value in header.values(own, foreign)]
            send(method, path, [*bearer(token), *values], {} if method == "POST" else None)
        for wrong in (None, invalid[5]):
            send(method, path, [*bearer(wrong), ("x-event-id", own)], {} if method == "POST" else None)
        if method == "GET":
            send(method, path, [*bearer(token), ("x-event-id", own)])
            for event in (own, foreign):
                send(method, path, [*bearer(tokens["both"]), ("x-event-id", event)])

    def preflight(origin: str, method: str) -> None:
        asked: list[tuple[str, str | bytes]] = [("origin", origin), ("access-control-request-method", method)]
        send("OPTIONS", "/events", [*asked, ("access-control-request-headers", NEEDED)])

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "GET"):
        preflight(ADMIN, method)
    for origin in foreign_origins(ADMIN).values():
        preflight(origin, "GET")
        send("GET", "/events", [*bearer(token), ("origin", origin)])
    send("GET", "/events", [*bearer(token), ("origin", ADMIN)])
    send("GET", "/events", [("origin", ADMIN)])

    with sync_playwright() as playwright, elsewhere(ADMIN, limit=10) as foreign_origin:
        browser = playwright.chromium.launch(executable_path=executable(None), args=ARGUMENTS, chromium_sandbox=False)
        for address in (ADMIN, foreign_origin):
            context = browser.new_context(service_workers="block")
            page = context.new_page()
            errors: list[str] = []
            page.on("console", _collect_into(errors))
            page.goto(address + "/")
            page.fill("#email", "organizer@runbook.example")
            page.fill("#password", GIVEN["STACK_PASSWORD"])
            page.click("#sign-in")
            if address == ADMIN:
                page.wait_for_selector("[data-event]")
                page.wait_for_load_state("networkidle")
            else:
                while not errors:
                    page.wait_for_timeout(20)
            page.screenshot()
            context.close()
        browser.close()
    print(dumps({"requests": sent}))


def _collect_into(errors: list[str]) -> Callable[[ConsoleMessage], None]:
    return lambda message: errors.append(message.type)


if __name__ == "__main__":
    main()
