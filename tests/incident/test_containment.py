"""Whether a way is closed: what the API answered, and what the database lets a role do; silence proves nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runbook.api.client import Client
from runbook.database.connection import Database
from runbook.errors import EvidenceError, Unreachable, Unverified
from runbook.evidence.journal import Journal
from runbook.incident import sheet, timeline
from runbook.incident.containment import NOBODY, Api, Caller, Roles, Seen, contain, who
from runbook.incident.policies import BEFORE, Kept, observe
from runbook.rls.inspection import Probing
from runbook.settings import Settings
from runbook.settings_file import load
from stack.postgres import Server as Postgres
from tests.documents import LIVE, VARIABLES
from tests.rls.conftest import made
from tests.rls.systems import Make, System
from tests.rls_targets import serving
from tests.servers import Behaviour, Reply, Server, closed_port

ANONYMOUS = Caller(NOBODY, None)
MEMBER = Caller("organizer", "token-of-the-test", ("one",), "other")
ROUTE = "GET /enrollments"
ERROR = json.dumps({"error": {"code": "PermissionDenied", "message": "no"}}).encode()
LETS_IN = Reply(200, {"content-type": "application/json"}, b'{"data": []}')


def settings_at(url: str, folder: Path, dsn: str = "") -> Settings:
    path = folder / "mine.toml"
    path.write_text(LIVE.replace("http://127.0.0.1:9", url), encoding="utf-8")
    return load(path, VARIABLES | ({"RUNBOOK_DSN": dsn} if dsn else {}))


def sheet_of(closed: Sequence[str], open_: Sequence[str] = ("GET /events",)) -> sheet.Sheet:
    return sheet.Sheet(id="1", title="a leak", target="mine", closed=tuple(closed), open=tuple(open_))


@contextmanager
def asking(folder: Path, *behaviours: Behaviour, path: str = ROUTE, dsn: str = "") -> Iterator[tuple[Api, Server, str]]:
    """A real API that answers like that, and the path with its address."""
    with Server(*behaviours) as server:
        settings = settings_at(server.url, folder, dsn)
        path = path.replace("HERE", server.url)
        with (
            closing(Client(settings.api, settings.timeouts, Journal())) as client,
            closing(Database(settings, Journal())) as database,
        ):
            yield Api(client, database, settings, sheet_of([path])), server, path


def outcome(folder: Path, *behaviours: Behaviour, path: str = ROUTE, by: Caller = ANONYMOUS, dsn: str = "") -> str:
    with asking(folder, *behaviours, path=path, dsn=dsn) as (api, _, path):
        try:
            seen = api.closed(path, by, lambda: [by])
        except Unverified as error:
            return f"unverified: {error}"
    return "open" if seen.open else "closed"


REFUSED = [
    Reply(403, body=ERROR),
    Reply(401, body=ERROR),
    Reply(503, body=b"<html>Closed for maintenance</html>"),
    Reply(403, body=b'{"message": "forbidden by the gateway"}'),
    Reply(403),
    Reply(404, body=ERROR),
    Reply(405, body=ERROR),
    Reply(400, body=b'{"error": {"code": "EventContextRequired"}}'),
]
LET_IN = [
    LETS_IN,
    Reply(204),
    Reply(403, body=b'{"error": {"code": "X"}, "data": [{"id": 1}]}'),
    Reply(403, body=b'[{"id": 1}]'),
    Reply(503, body=b'{"message": "later", "rows": [1]}'),
]
SAYS_NOTHING = [
    Reply(500, body=ERROR),
    Reply(302, {"location": "/elsewhere"}),
    Reply(422, body=ERROR),
    Reply(400, body=ERROR),
    Reply(429),
]


@pytest.mark.parametrize("reply", REFUSED, ids=lambda reply: f"{reply.status} {reply.body[:20]!r}")
def test_a_refusal_beside_an_open_path_is_closed(reply: Reply, tmp_path: Path) -> None:
    assert outcome(tmp_path, reply, LETS_IN) == "closed"


@pytest.mark.parametrize("reply", LET_IN, ids=lambda reply: f"{reply.status} {reply.body[:20]!r}")
def test_an_answer_and_a_refusal_with_data_are_open(reply: Reply, tmp_path: Path) -> None:
    assert outcome(tmp_path, reply, LETS_IN) == "open"


@pytest.mark.parametrize("reply", SAYS_NOTHING, ids=lambda reply: f"{reply.status}")
def test_what_is_neither_proves_nothing(reply: Reply, tmp_path: Path) -> None:
    assert outcome(tmp_path, reply, LETS_IN).startswith("unverified")


def test_a_refusal_proves_nothing_where_all_is_refused(tmp_path: Path) -> None:
    assert "lets anybody in" in outcome(tmp_path, Reply(403, body=ERROR))


def test_a_path_that_may_be_misspelt_is_not_taken_for_closed(tmp_path: Path) -> None:
    assert "nothing shows that it was ever there" in outcome(tmp_path, Reply(404), LETS_IN, path="GET /enrolments")


def test_no_answer_is_no_refusal(tmp_path: Path) -> None:
    settings = settings_at(f"http://127.0.0.1:{closed_port()}", tmp_path)
    with closing(Client(settings.api, settings.timeouts, Journal())) as client:
        api = Api(client, Database(settings, Journal()), settings, sheet_of([ROUTE]))
        with pytest.raises(Unreachable):
            api.closed(ROUTE, ANONYMOUS, lambda: [ANONYMOUS])


def test_everybody_tries_in_their_own_event_in_a_foreign_one_and_without(tmp_path: Path) -> None:
    with asking(tmp_path, *[Reply(403)] * 3, LETS_IN) as (api, server, path):
        assert not api.closed(path, MEMBER, lambda: [MEMBER]).open
    tried = [request.values("x-event-id") for request in server.requests if request.path == "/enrollments"]
    assert tried == [["one"], ["other"], []]
    assert all(request.values("authorization") == ["Bearer token-of-the-test"] for request in server.requests)


def test_one_event_that_is_open_is_enough(tmp_path: Path) -> None:
    assert outcome(tmp_path, Reply(403), LETS_IN, Reply(403), LETS_IN, by=MEMBER) == "open"


def test_a_token_that_is_taken_nowhere_proves_nothing(tmp_path: Path) -> None:
    replies = [*[Reply(401, body=ERROR)] * 3, Reply(401, body=ERROR)]
    assert "no open path takes this token" in outcome(tmp_path, *replies, by=MEMBER)


def test_in_the_own_event_a_missing_event_is_no_refusal(tmp_path: Path) -> None:
    required = Reply(400, body=b'{"error": {"code": "EventContextRequired"}}')
    assert outcome(tmp_path, required, LETS_IN, by=Caller("organizer", "token", ("one",))) != "closed"


def test_what_writes_is_not_sent_where_nothing_may_be_written(tmp_path: Path) -> None:
    with asking(tmp_path, LETS_IN, path="POST /enrollments") as (api, server, path):
        with pytest.raises(Unverified, match="could write"):
            api.closed(path, ANONYMOUS, lambda: [ANONYMOUS])
        assert server.requests == []


def test_a_token_is_sent_to_hosts_of_the_settings_alone(tmp_path: Path) -> None:
    settings = settings_at("http://127.0.0.1:9", tmp_path)
    assert who("GET https://cdn.example.com/a", settings) == [NOBODY]
    everybody = [*settings.personas, NOBODY]
    assert who("GET http://127.0.0.1:9/storage/v1/object/a/b", settings) == who(ROUTE, settings) == everybody


def test_a_path_stays_open_when_somebody_is_let_in(tmp_path: Path) -> None:
    with asking(tmp_path, Reply(403), LETS_IN) as (api, _, _path):
        assert api.opened("GET /events", [ANONYMOUS, Caller("organizer", "token")]).open
    with asking(tmp_path, Reply(403)) as (api, _, _path):
        assert not api.opened("GET /events", [ANONYMOUS]).open


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with serving("incident") as started:
        yield started


@pytest.fixture
def reference(postgres: Postgres, tmp_path: Path) -> Iterator[Make]:
    with made(postgres, settings_at("http://127.0.0.1:9", tmp_path), "incident") as system:
        yield lambda change="", **more: system(change, schema="public", **more)


def kept(system: System) -> Kept:
    inspection = system.inspection()
    probing = Probing(system.database, system.settings, inspection)
    return observe(system.settings, system.database, inspection, probing)


def closed_to(system: System, path: str, before: Kept | None = None) -> dict[str, bool | str]:
    """For each persona whether a path is closed, or why that cannot be told."""
    inspection = system.inspection()
    roles = Roles(system.database, inspection, Probing(system.database, system.settings, inspection), before)

    def told(seen: Seen) -> bool:
        return not seen.open

    found: dict[str, bool | str] = {}
    for persona in inspection.personas:
        try:
            found[persona.name] = told(roles.seen(path, persona))
        except Unverified as error:
            found[persona.name] = str(error)
    return found


EVERYBODY = {"anonymous", "outsider", "organizer", "assessor", "participant", "both"}
TO_ALL = dict.fromkeys(EVERYBODY, True)
TABLE = "table public.enrollments"
SHUT = "create policy shut on public.enrollments as restrictive using (false)"


@pytest.mark.parametrize(
    "change",
    ["revoke all on public.enrollments from anon, authenticated", SHUT],
    ids=["no privilege", "no row passes the policies"],
)
def test_a_table_is_closed_to_all(reference: Make, change: str) -> None:
    assert closed_to(reference(change), TABLE) == TO_ALL


@pytest.mark.parametrize(
    "change",
    ["", "revoke select on public.enrollments from authenticated", SHUT.replace("using", "for select using")],
    ids=["as it was", "rows are added still", "rows are added still, by policy"],
)
def test_a_table_is_open_to_who_gets_through_with_one_command(reference: Make, change: str) -> None:
    found = closed_to(reference(change), TABLE)
    assert {name for name, closed in found.items() if closed is True} >= {"anonymous", "outsider"}
    assert found["organizer"] is False


@pytest.mark.parametrize(
    ("change", "path", "open_"),
    [
        ("", TABLE, True),
        ("", "table public.provinces", True),
        ("revoke select on public.enrollments from authenticated", TABLE, False),
        ("revoke select on public.provinces from anon", "table public.provinces", True),
        ("revoke execute on function public.roster from public, anon", "function public.roster(uuid)", True),
        (
            "revoke execute on function public.roster from public, anon, authenticated",
            "function public.roster(uuid)",
            False,
        ),
    ],
)
def test_what_stays_open_is_read_or_executed_by_somebody(
    reference: Make, change: str, path: str, *, open_: bool
) -> None:
    system = reference(f"{ROSTER} {change}")
    inspection = system.inspection()
    probing = Probing(system.database, system.settings, inspection)
    assert Roles(system.database, inspection, probing, None).opened(path).open == open_


def test_without_rows_that_could_be_hidden_nothing_is_told(reference: Make) -> None:
    found = closed_to(reference(f"truncate public.enrollments cascade; {SHUT}", witness="touchless"), TABLE)
    assert found["anonymous"] is True  # who has no privilege needs no rows to be kept from
    assert {isinstance(found[name], str) for name in ("organizer", "participant")} == {True}


def test_a_view_is_closed_by_its_privileges_or_where_it_once_showed_something(reference: Make) -> None:
    view = "table public.event_roster"
    system = reference()
    before = kept(system)
    shut = SHUT.replace("enrollments", "participants")
    system.run(shut)
    assert closed_to(system, view, before) == TO_ALL
    assert {who for who, closed in closed_to(system, view).items() if closed is not True} >= {"organizer", "both"}
    system.run("revoke all on public.event_roster from authenticated")
    assert closed_to(system, view) == TO_ALL


ROSTER = """
create function public.roster(event uuid) returns setof text language sql stable security definer
as 'select full_name from public.participants';
"""


@pytest.mark.parametrize("name", ["public.roster(event uuid)", "public.roster(uuid)"])
def test_a_function_is_closed_to_who_may_not_execute_it(reference: Make, name: str) -> None:
    system = reference(f"{ROSTER} grant execute on function public.roster to public")
    assert set(closed_to(system, f"function {name}").values()) == {False}
    system.run("revoke execute on function public.roster from public, anon")
    assert closed_to(system, f"function {name}") == dict.fromkeys(EVERYBODY, False) | {"anonymous": True}
    system.run("revoke execute on function public.roster from authenticated")
    assert closed_to(system, f"function {name}") == TO_ALL


@pytest.mark.parametrize("path", ["function public.roster(event uuid)", "table public.extra"])
def test_what_is_gone_is_closed_and_what_never_was_is_not(reference: Make, path: str) -> None:
    system = reference(f"{ROSTER} create table public.extra (id int)")
    before = kept(system)
    system.run("drop function public.roster; drop table public.extra")
    assert closed_to(system, path, before) == TO_ALL
    assert all("and had none" in str(told) for told in closed_to(system, path).values())


STORED = "GET HERE/storage/v1/object/authenticated/certificates/a%20b.pdf"
NOT_FOUND = Reply(400, body=b'{"statusCode": "404", "error": "not_found", "message": "Object not found"}')


def test_an_object_that_is_stored_and_not_found_is_closed(reference: Make, postgres: Postgres, tmp_path: Path) -> None:
    system = reference("create schema storage; create table storage.objects (bucket_id text, name text)")
    dsn = postgres.dsn("postgres", system.name)
    assert outcome(tmp_path, NOT_FOUND, LETS_IN, path=STORED, dsn=dsn).startswith("unverified")
    system.run("insert into storage.objects values ('certificates', 'a b.pdf')")
    assert outcome(tmp_path, NOT_FOUND, LETS_IN, path=STORED, dsn=dsn) == "closed"
    assert outcome(tmp_path, LETS_IN, path=STORED, dsn=dsn) == "open"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new incident's."""
    made = tmp_path / "20260131-1"
    made.mkdir()
    sheet.write(made, made.name, "a leak", "mine", [TABLE], ["GET /events"])
    timeline.begin(made, severity="P1")
    return made


def test_containing_keeps_what_was_there_once_and_records_the_lists(reference: Make, folder: Path) -> None:
    system = reference()
    contain(folder, system.settings)
    first = (folder / BEFORE).read_bytes()
    system.run(SHUT)
    contain(folder, system.settings)
    assert (folder / BEFORE).read_bytes() == first
    one, other = timeline.read(folder).of("contained")
    assert (one["closed"], one["open"], one["file"]) == ([TABLE], ["GET /events"], BEFORE)
    assert (one["digest"], one["lists"]) == (other["digest"], other["lists"])


def test_containing_needs_lists_and_the_incident_s_own_target(reference: Make, folder: Path) -> None:
    settings = reference().settings
    with pytest.raises(EvidenceError, match="settings are of other"):
        contain(folder, settings.model_copy(update={"name": "other"}))
    (folder / sheet.SHEET).unlink()
    sheet.write(folder, folder.name, "a leak", "mine", [TABLE], [])
    with pytest.raises(EvidenceError, match="what stays open"):
        contain(folder, settings)
    assert timeline.read(folder).of("contained") == []
