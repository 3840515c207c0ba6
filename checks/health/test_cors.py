"""H3: the API lets the Admin's configured origin call it, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.admin import cors

if TYPE_CHECKING:
    from runbook.api.client import Client
    from runbook.settings import Admin, Settings

pytestmark = clause("H3")


def test_preflight_allows_what_admin_needs(api: Client, settings: Settings, admin: Admin, admin_method: str) -> None:
    """A preflight from the Admin's origin allows the method with every header that Admin sends."""
    answer = cors.preflight(api, settings.api.basic_endpoint, admin.origin, admin_method, admin.headers)
    assert cors.preflight_allows(answer, admin.origin, admin_method, admin.headers), f"refused: {answer}"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_preflight_refuses_a_method_that_admin_does_not_need(
    api: Client, settings: Settings, admin: Admin, method: str
) -> None:
    """A preflight from the Admin's origin does not allow a method that Admin never uses."""
    if method in admin.methods:
        pytest.skip(f"admin.methods lists {method}")
    answer = cors.preflight(api, settings.api.basic_endpoint, admin.origin, method, admin.headers)
    assert not cors.preflight_allows(answer, admin.origin, method, admin.headers), f"allowed: {answer}"


def test_preflight_refuses_a_header_that_admin_does_not_need(api: Client, settings: Settings, admin: Admin) -> None:
    """A preflight from the Admin's origin does not allow a header that Admin never sends."""
    answer = cors.preflight(api, settings.api.basic_endpoint, admin.origin, "GET", ["x-not-needed"])
    assert not cors.preflight_allows(answer, admin.origin, "GET", ["x-not-needed"]), f"allowed: {answer}"


@pytest.mark.parametrize("foreign", cors.FOREIGN_ORIGINS)
def test_preflight_refuses_a_foreign_origin(api: Client, settings: Settings, admin: Admin, foreign: str) -> None:
    """A preflight from an origin that is not the Admin's is not allowed, however alike it looks."""
    origin = cors.foreign_origins(admin.origin)[foreign]
    answer = cors.preflight(api, settings.api.basic_endpoint, origin, "GET", admin.headers)
    assert not cors.any_origin_with_credentials(answer), f"every origin with credentials: {answer}"
    assert not cors.origin_allowed(answer, origin), f"allowed: {answer}"


@pytest.mark.parametrize("foreign", cors.FOREIGN_ORIGINS)
def test_answer_is_not_readable_from_a_foreign_origin(
    api: Client, settings: Settings, admin: Admin, valid_token: str, foreign: str
) -> None:
    """The answer to a real request is not readable from an origin that is not the Admin's."""
    origin = cors.foreign_origins(admin.origin)[foreign]
    answer = api.send("GET", settings.api.basic_endpoint, token=valid_token, headers=[("origin", origin)])
    assert not cors.any_origin_with_credentials(answer), f"every origin with credentials: {answer}"
    assert not cors.origin_allowed(answer, origin), f"allowed: {answer}"


def test_answer_is_readable_from_the_admin(api: Client, settings: Settings, admin: Admin, valid_token: str) -> None:
    """The answer to a real request is readable from the Admin's origin, and not cached for another one."""
    answer = api.send("GET", settings.api.basic_endpoint, token=valid_token, headers=[("origin", admin.origin)])
    assert answer.headers.get("access-control-allow-origin") == admin.origin, f"not for this origin alone: {answer}"
    assert "origin" in answer.headers.get("vary", "").lower(), f"a cache may hand it to another origin: {answer}"


def test_refusal_is_readable_from_the_admin(api: Client, settings: Settings, admin: Admin) -> None:
    """A 401 is readable from the Admin's origin, so that Admin can ask to sign in again."""
    answer = api.send("GET", settings.api.basic_endpoint, headers=[("origin", admin.origin)])
    assert answer.status == 401, f"answered {answer.status}"
    assert cors.origin_allowed(answer, admin.origin), f"not readable: {answer}"
