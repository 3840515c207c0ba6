"""What instances say of themselves, asked over connections of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runbook.errors import Unverified
from runbook.evidence.journal import Journal
from runbook.release.deployed import ASKED, Reported, instances, reported
from runbook.settings import Settings
from tests.documents import VARIABLES
from tests.release.repositories import settings, source
from tests.servers import Reply, Server

COMMIT = "ab12cd3" + "0" * 33


def says(**content: object) -> Reply:
    return Reply(headers={"content-type": "application/json"}, body=json.dumps({"build": content}).encode())


def told(folder: Path, server: Server, **release: object) -> Settings:
    """The settings of a target whose second instance is the server."""
    where = {"route": "/version", "commit_at": "build.commit", "instances": {"admin": server.url}, **release}
    return settings(folder, VARIABLES["RUNBOOK_DSN"], source(folder), **where)


def test_an_instance_is_asked_several_times_each_over_a_connection_of_its_own(tmp_path: Path) -> None:
    with Server(
        says(commit=COMMIT, clean=True, image="app:1"), says(commit="old", clean=False, image="app:0")
    ) as server:
        known = told(tmp_path, server, clean_at="build.clean", image_at="build.image")
        assert instances(known) == {"api": "http://127.0.0.1:9", "admin": server.url}
        answers = reported(known, "admin", Journal())
    assert answers == [Reported(COMMIT, True, "app:1"), *[Reported("old", False, "app:0")] * (ASKED - 1)]
    assert [request.values("connection") for request in server.requests] == [["close"]] * ASKED


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (says(), "answers 200 without one value at build.commit"),
        (says(commit=[COMMIT, "old"]), "without one value"),
        (Reply(503, body=b"{}"), "answers 503"),
        (says(commit=COMMIT, clean="perhaps"), "neither true nor false at build.clean"),
        (says(commit=COMMIT), "without one value at build.clean"),
        ("drop", "no answer"),
    ],
    ids=["nothing", "two", "503", "perhaps", "not clean at all", "silence"],
)
def test_an_answer_that_says_nothing_is_unverified(tmp_path: Path, reply: Reply, reason: str) -> None:
    with Server(reply) as server, pytest.raises(Unverified, match=reason):
        reported(told(tmp_path, server, clean_at="build.clean"), "admin", Journal())


def test_without_a_route_nothing_says_it(tmp_path: Path) -> None:
    with Server(says()) as server, pytest.raises(Unverified, match=r"release\.route is not in the settings"):
        reported(told(tmp_path, server, route=None), "admin", Journal())
