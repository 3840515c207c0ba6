"""Where the Admin is served, and whether the API allows that origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runbook.admin.cors import foreign_origins, origin_allowed, preflight
from runbook.errors import Unverified

if TYPE_CHECKING:
    from runbook.api.client import Client
    from runbook.settings import Admin


@dataclass(frozen=True, slots=True)
class Serving:
    """The origin that the events page is served at in the end, and what the API says of it and of another one."""

    origin: str
    allowed: bool
    any_allowed: bool


def serving(admin: Admin, client: Client, limit: float) -> Serving:
    """Ask both. Raises Unverified when the Admin does not answer within `limit` seconds."""
    import httpx

    try:
        page = httpx.get(admin.url + admin.events_page, follow_redirects=True, timeout=limit)
    except httpx.HTTPError as error:
        raise Unverified(f"the Admin does not answer ({type(error).__name__})") from None
    parts = urlsplit(str(page.url))
    origin = f"{parts.scheme}://{parts.netloc}"
    other = foreign_origins(origin)["another site"]
    allowed, any_allowed = (
        origin_allowed(preflight(client, client.api.basic_endpoint, asking, "GET", ["authorization"]), asking)
        for asking in (origin, other)
    )
    return Serving(origin, allowed, any_allowed)
