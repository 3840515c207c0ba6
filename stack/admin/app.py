"""The Admin's files over HTTP: `uvicorn --factory stack.admin.app:create`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).parent / "static"
PAGES = {
    "/": ("index.html", "text/html"),
    "/help": ("help.html", "text/html"),
    "/app.js": ("app.js", "text/javascript"),
    "/help.js": ("help.js", "text/javascript"),
    "/words.js": ("words.js", "text/javascript"),
    "/style.css": ("style.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def asset(name: str) -> str:
    """The text of one of the page's files."""
    return (STATIC / name).read_text(encoding="utf-8")


def config(api_url: str, anon_key: str) -> str:
    """The module that tells the page where the API is; both values are public."""
    return f"export const config = {json.dumps({'apiUrl': api_url, 'anonKey': anon_key})};\n"


def headers(api_url: str) -> dict[str, str]:
    """Only own files and only this API: no inline script, no foreign resource, no frame, no form target."""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": api_url,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return {
        "content-security-policy": "; ".join(f"{directive} {source}" for directive, source in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
    }


def create() -> Starlette:
    """The application for the API named in the environment. Raises KeyError for a missing variable."""
    api_url, anon_key = os.environ["STACK_API_URL"], os.environ["STACK_ANON_KEY"]
    sent = headers(api_url)

    async def page(request: Request) -> Response:
        name, media_type = PAGES[request.url.path]
        return Response(asset(name), media_type=media_type, headers=sent)

    async def config_module(request: Request) -> Response:
        return Response(config(api_url, anon_key), media_type="text/javascript", headers=sent)

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def version(request: Request) -> Response:
        told = {name: os.environ.get(f"STACK_{name.upper()}") for name in ("commit", "clean", "release")}
        return JSONResponse(told)

    return Starlette(
        routes=[
            *(Route(path, page) for path in PAGES),
            Route("/config.js", config_module),
            Route("/healthz", health),
            Route("/version", version),
        ]
    )
