"""Settings files: what is right loads, and everything that is wrong is one clear line each, without any secret."""

from __future__ import annotations

import datetime
import json
import math
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from runbook.errors import SettingsError
from runbook.settings import Settings
from runbook.settings_file import load
from runbook.settings_values import PENDING
from runbook.targets import EMBEDDED
from tests.documents import LIVE, VARIABLES

CANARY = "a-canary-that-no-message-may-hold"
NOT_HERE = 'a secret may not stand here; write { env = "NAME" } or { file = "path" } instead'
LIVE_BACKEND, CONTAINER_BACKEND = 'backend = "live"', 'backend = "container"\n'
START = 'start = { command = ["true"], provides = "S_" }'
NO_ADDRESS = "must be an http or https address, like https://api.example.com"


def document(*changes: tuple[str, str]) -> str:
    """The live document with texts replaced, each of which is there once."""
    text = LIVE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


class Folder:
    """Settings files in a folder of the test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "mine.toml"

    def load(self, *changes: tuple[str, str], **variables: str) -> Settings:
        """Load the live document with changes and further variables."""
        self.file.write_text(document(*changes), encoding="utf-8")
        return load(self.file, VARIABLES | variables)

    def faults(self, *changes: tuple[str, str], **variables: str) -> list[str]:
        """The lines that the changes lead to, without the file's name in front of each."""
        with pytest.raises(SettingsError) as raised:
            self.load(*changes, **variables)
        return self.told(raised.value)

    def told(self, error: SettingsError) -> list[str]:
        """The lines of an error, each of which names the file."""
        assert str(error).splitlines() == list(error.lines)
        assert all(line.startswith(f"{self.file}: ") for line in error.lines)
        return [line.removeprefix(f"{self.file}: ") for line in error.lines]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_complete_document_loads_and_its_secrets_come_from_the_environment(folder: Folder) -> None:
    loaded = folder.load()
    assert loaded.name == "mine"
    assert str(loaded.api.guarded_routes[1]) == "GET /enrollments"
    assert str(loaded.tenancy.root) == "public.events"
    assert loaded.database.dsn.get_secret_value() == VARIABLES["RUNBOOK_DSN"]
    assert set(VARIABLES.values()) <= set(loaded.secrets())


def test_settings_show_no_secret_and_cannot_be_changed(folder: Folder) -> None:
    loaded = folder.load()
    assert [value for value in VARIABLES.values() if value in f"{loaded!r} {loaded}"] == []
    with pytest.raises(ValidationError):
        loaded.writes = True


FAULTS = {
    "an unknown key, with the nearest one": (
        ("basic_endpoint", "basic_endpiont"),
        "api.basic_endpiont: unknown key; did you mean 'basic_endpoint'?",
    ),
    "an unknown key of a persona": (
        ('email = "outsider', 'subjct = "x"\nemail = "outsider'),
        "personas.outsider.subjct: unknown key; did you mean 'subject'?",
    ),
    "an unknown key in a list": (
        ('"GET /enrollments"', '{ method = "GET", path = "/", methods = "/" }'),
        "api.guarded_routes.1.methods: unknown key; did you mean 'method'?",
    ),
    "an unknown part, like no other": (("[timeouts]", "[nonsense]\nx = 1\n[timeouts]"), "nonsense: unknown key"),
    "a key that TOML has to quote": (("[timeouts]", '["a\\nb.c"]\n[timeouts]'), '"a\\nb.c": unknown key'),
    "no boolean": (('name = "mine"', 'name = "mine"\nwrites = "perhaps"'), "writes: must be true or false"),
    "no list": (('["public.provinces"]', '"public.provinces"'), "database.public_tables: must be a list"),
    "no part": (('root = "public.events"', "root = 5"), "tenancy.root: must be a part with keys of its own"),
    "no text": (('name = "mine"', "name = 5"), "name: input should be a valid string"),
    "no number": (
        ("request = 1", 'request = "soon"'),
        "timeouts.request: input should be a valid number, unable to parse string as a number",
    ),
    "a time-out of nothing": (("retry = 1", "retry = 0"), "timeouts.retry: input should be greater than 0"),
    "an endless time-out": (("retry = 1", "retry = inf"), "timeouts.retry: input should be less than or equal to 3600"),
    "an unknown choice": (('"staging"', '"prod"'), "severity: input should be 'production', 'staging' or 'local'"),
    "a missing key": (('name = "mine"\n', ""), "name: is missing"),
    "a missing secret": (('dsn = { env = "RUNBOOK_DSN" }\n', ""), "database.dsn: is missing"),
    "an empty list": (
        ('unauthenticated = ["AuthenticationRequired", "InvalidToken"]', "unauthenticated = []"),
        "api.errors.unauthenticated: must not be empty",
    ),
    "a relation without its schema": (
        ('root = "public.events"', 'root = "events"'),
        'tenancy.root: must be written with its schema, like "public.events"',
    ),
    "a path that is none": (
        ('basic_endpoint = "/events"', 'basic_endpoint = "events"'),
        "api.basic_endpoint: must be a path that begins with /",
    ),
    "a persona's name that is none": (
        ("[personas.outsider]", '[personas."the outsider"]'),
        "personas.\"the outsider\": string should match pattern '^[\\w-]+$'",
    ),
    "a guarded route that writes, on a target that is only read": (
        ('"GET /enrollments"', '"GET /enrollments", "POST /enrollments"'),
        "api.guarded_routes.2: POST could write; list it only where writes = true",
    ),
    "a persona without an e-mail": (
        ('email = "outsider@mine.example"\n', ""),
        'personas.outsider.email: auth.method = "password" needs it',
    ),
    "an Admin persona that nobody knows": (
        ('persona = "organizer"', 'persona = "nobody"'),
        "admin.persona: is none of the [personas] (organizer, outsider)",
    ),
    "a rehearsal by a persona that nobody knows": (
        ("[timeouts]", '[audit.rehearsal]\npersona = "nobody"\nsql = "select 1"\n[timeouts]'),
        "audit.rehearsal.persona: is none of the [personas] (organizer, outsider)",
    ),
    "a start without the embedded backend": (
        ("[timeouts]", '[start]\ncommand = ["true"]\nprovides = "STACK_"\n[timeouts]'),
        'start: belongs to backend = "embedded" or "container", and only there',
    ),
    "the embedded backend without a start": (
        ('backend = "live"', 'backend = "embedded"'),
        'start: belongs to backend = "embedded" or "container", and only there',
    ),
    "a start beside a compose file": (
        (
            LIVE_BACKEND,
            CONTAINER_BACKEND + 'container = { compose = "c.yaml" }\n' + START,
        ),
        "start: does not go with container.compose, which says how all of it is started",
    ),
    "a compose file and images": (
        (
            LIVE_BACKEND,
            CONTAINER_BACKEND + 'container = { compose = "c.yaml", database = "postgres:18", system = "own" }',
        ),
        "container: needs either database and system, or compose",
    ),
    "variables without a compose file": (
        (
            LIVE_BACKEND,
            CONTAINER_BACKEND + 'container = { database = "d", system = "s", variables = { OWN = "1" } }\n' + START,
        ),
        "container: variables belong to compose",
    ),
    "a secret that would stand in a command": (
        (
            LIVE_BACKEND,
            CONTAINER_BACKEND
            + 'container = { compose = "c.yaml", variables = { OWN = { env = "RUNBOOK_PASSWORD" } } }',
        ),
        "container.variables.OWN: must be a text, in which ${NAME} stands for a variable: it is part of a command",
    ),
    "a password grant without an anonymous key": (
        ('anon_key = { env = "RUNBOOK_ANON_KEY" }\n', ""),
        'auth: method = "password" needs anon_key',
    ),
    "an origin with a path": (
        ('origin = "http://127.0.0.1:9"', 'origin = "http://127.0.0.1:9/admin"'),
        "admin.origin: must be an origin: scheme, host and port, without a path",
    ),
    "out of scope without a reason to speak of": (
        ("[timeouts]", '[[out_of_scope]]\ncheck = "H3"\nreason = "none"\n[timeouts]'),
        "out_of_scope.0.reason: string should have at least 10 characters",
    ),
}


@pytest.mark.parametrize(("change", "line"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_with_its_key(folder: Folder, change: tuple[str, str], line: str) -> None:
    assert folder.faults(change) == [line]


@pytest.mark.parametrize(
    ("address", "fault"),
    {
        "ftp://api.example.com": NO_ADDRESS,
        "api.example.com": NO_ADDRESS,
        "https://": NO_ADDRESS,
        "https://api.example.com:99999": NO_ADDRESS,
        "https://[::1": NO_ADDRESS,
        "https://two words.example": NO_ADDRESS,
        f"https://me:{CANARY}@ex\u2100mple.com": NO_ADDRESS,
        f"https://me:{CANARY}@api.example.com": "must not carry a user name or password",
        f"https://{CANARY}@api.example.com": "must not carry a user name or password",
        f"https://api.example.com?key={CANARY}": "must not carry a query or a fragment",
        f"https://api.example.com#{CANARY}": "must not carry a query or a fragment",
    }.items(),
)
def test_an_address_that_is_none_is_refused_without_showing_it(folder: Folder, address: str, fault: str) -> None:
    assert folder.faults(('base_url = "http://127.0.0.1:9"', f'base_url = "{address}"')) == [f"api.base_url: {fault}"]


def test_an_origin_is_kept_as_a_browser_writes_it(folder: Folder) -> None:
    loaded = folder.load(('origin = "http://127.0.0.1:9"', 'origin = "https://Admin.Example:443/"'))
    assert loaded.admin is not None
    assert loaded.admin.origin == "https://admin.example"


SECRETS = {
    "auth.anon_key": ('anon_key = { env = "RUNBOOK_ANON_KEY" }', "anon_key"),
    "auth.signing_secret": ('signing_secret = { env = "RUNBOOK_SIGNING_SECRET" }', "signing_secret"),
    "auth.private_key": ('method = "password"', 'method = "password"\nprivate_key'),
    "personas.outsider.token": ('email = "outsider@mine.example"', 'email = "outsider@mine.example"\ntoken'),
    "personas.outsider.password": (
        'email = "outsider@mine.example"\npassword = { env = "RUNBOOK_PASSWORD" }',
        'email = "outsider@mine.example"\npassword',
    ),
    "database.dsn": ('dsn = { env = "RUNBOOK_DSN" }', "dsn"),
    "logs.api.token": ("retry = 1", 'retry = 1\n[logs.api]\nkind = "file"\npath = "/x"\ntoken'),
    "incidents.backlog_url": ("retry = 1", "retry = 1\n[incidents]\nbacklog_url"),
    "incidents.channels.x.url": (
        "retry = 1",
        'retry = 1\n[incidents.channels.x]\nkind = "json"\nrole = "r"\nurl',
    ),
    "incidents.channels.x.password": (
        "retry = 1",
        'retry = 1\n[incidents.channels.x]\nkind = "mail"\nrole = "r"\npassword',
    ),
    "logs.database.token": ("retry = 1", 'retry = 1\n[logs.database]\nkind = "file"\npath = "/x"\ntoken'),
}
PARTS = {
    "incidents": "Incidents",
    "incidents.channels.x": "Channel",
    "logs.api": "ApiLog",
    "logs.database": "DatabaseLog",
}
"""Parts of the schema that are not called by their key."""


@pytest.mark.parametrize(
    "value", [f'"{CANARY}"', f'["{CANARY}"]', f'{{ value = "{CANARY}" }}', f'{{ env = "X", value = "{CANARY}" }}']
)
@pytest.mark.parametrize("key", SECRETS)
def test_an_inline_secret_is_refused_without_showing_it(folder: Folder, key: str, value: str) -> None:
    old, new = SECRETS[key]
    assert folder.faults((old, f"{new} = {value}")) == [f"{key}: {NOT_HERE}"]


def test_every_secret_is_among_those_that_may_not_stand_inline() -> None:
    """What the schema calls a secret, and what the test above tries, are the same."""
    schema = Settings.model_json_schema()
    secret = {
        (name, key)
        for name, part in schema["$defs"].items()
        for key, field in part.get("properties", {}).items()
        if '"writeOnly": true' in json.dumps(field)
    }
    tried = {
        (PARTS.get(key.rpartition(".")[0], key.split(".")[0].removesuffix("s").capitalize()), key.split(".")[-1])
        for key in SECRETS
    }
    assert secret == tried


@pytest.mark.parametrize("value", [None, ""], ids=["unset", "empty"])
def test_a_variable_without_a_value_is_missing(folder: Folder, value: str | None) -> None:
    folder.file.write_text(LIVE, encoding="utf-8")
    environment = {name: text for name, text in VARIABLES.items() if name != "RUNBOOK_DSN"}
    with pytest.raises(SettingsError) as raised:
        load(folder.file, environment if value is None else environment | {"RUNBOOK_DSN": value})
    assert folder.told(raised.value) == ["database.dsn: the environment variable RUNBOOK_DSN is not set"]


def test_a_secret_is_read_from_a_file_beside_the_settings(folder: Folder) -> None:
    (folder.path / "dsn.txt").write_text(f"{CANARY}\n", encoding="utf-8")
    loaded = folder.load(('{ env = "RUNBOOK_DSN" }', '{ file = "dsn.txt" }'))
    assert loaded.database.dsn.get_secret_value() == CANARY


def test_a_file_may_be_named_by_a_variable(folder: Folder) -> None:
    (folder.path / "dsn.txt").write_text(CANARY, encoding="utf-8")
    change = ('{ env = "RUNBOOK_DSN" }', '{ file = { env = "RUNBOOK_DSN" } }')
    loaded = folder.load(change, RUNBOOK_DSN=str(folder.path / "dsn.txt"))
    assert loaded.database.dsn.get_secret_value() == CANARY
    assert folder.faults(change, RUNBOOK_DSN=CANARY) == [
        "database.dsn: the file that RUNBOOK_DSN names cannot be read (No such file or directory)"
    ]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("none.txt", "the file none.txt cannot be read (No such file or directory)"),
        (".", "the file . cannot be read (Is a directory)"),
        ("latin.txt", "the file latin.txt cannot be read (its name or its text is not valid)"),
        ("nul\\u0000.txt", 'the file "nul\\u0000.txt" cannot be read (its name or its text is not valid)'),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder: Folder, name: str, fault: str) -> None:
    (folder.path / "latin.txt").write_bytes(b"caf\xe9")
    assert folder.faults(('{ env = "RUNBOOK_DSN" }', f'{{ file = "{name}" }}')) == [f"database.dsn: {fault}"]


def test_everything_that_is_wrong_is_told_at_once(folder: Folder) -> None:
    changes = [
        ("basic_endpoint", "basic_endpiont"),
        ('severity = "staging"', 'severity = "staging"\nwrites = "perhaps"'),
        ('{ env = "RUNBOOK_DSN" }', '{ env = "NOT_SET" }'),
        ('{ env = "RUNBOOK_SIGNING_SECRET" }', '{ file = "none.txt" }'),
        ('{ env = "RUNBOOK_ANON_KEY" }', f'"{CANARY}"'),
        ('url = "http://127.0.0.1:9/admin"', 'url = "ftp://127.0.0.1"'),
        ('name = "mine"\n', ""),
    ]
    assert sorted(folder.faults(*changes)) == [
        "admin.url: must be an http or https address, like https://api.example.com",
        "api.basic_endpiont: unknown key; did you mean 'basic_endpoint'?",
        f"auth.anon_key: {NOT_HERE}",
        "auth.signing_secret: the file none.txt cannot be read (No such file or directory)",
        "database.dsn: the environment variable NOT_SET is not set",
        "name: is missing",
        "writes: must be true or false",
    ]


def test_every_disagreement_between_parts_is_told_at_once(folder: Folder) -> None:
    changes = [
        ('backend = "live"', 'backend = "embedded"'),
        ('"GET /enrollments"]', '"POST /enrollments", "DELETE /enrollments"]'),
        ('persona = "organizer"', 'persona = "nobody"'),
        ('email = "outsider@mine.example"\n', ""),
        ('email = "organizer@mine.example"\n', ""),
    ]
    assert sorted(folder.faults(*changes)) == [
        "admin.persona: is none of the [personas] (organizer, outsider)",
        "api.guarded_routes.1: POST could write; list it only where writes = true",
        "api.guarded_routes.2: DELETE could write; list it only where writes = true",
        'personas.organizer.email: auth.method = "password" needs it',
        'personas.outsider.email: auth.method = "password" needs it',
        'start: belongs to backend = "embedded" or "container", and only there',
    ]


@pytest.mark.parametrize(
    ("method", "needs"),
    [("password", ["email", "password"]), ("secret", ["subject"]), ("private_key", ["subject"]), ("token", ["token"])],
)
def test_a_persona_has_what_the_method_needs(folder: Folder, method: str, needs: list[str]) -> None:
    changes = [
        ('method = "password"', f'method = "{method}"\nprivate_key = {{ env = "RUNBOOK_PASSWORD" }}'),
        ('email = "outsider@mine.example"\npassword = { env = "RUNBOOK_PASSWORD" }', ""),
        (
            'email = "organizer@mine.example"',
            'email = "organizer@mine.example"\nsubject = "x"\ntoken = { env = "RUNBOOK_PASSWORD" }',
        ),
    ]
    assert folder.faults(*changes) == [f'personas.outsider.{key}: auth.method = "{method}" needs it' for key in needs]


@pytest.mark.parametrize(
    ("method", "needs"),
    [("password", "url and anon_key"), ("secret", "signing_secret"), ("private_key", "private_key")],
)
def test_a_method_has_the_keys_that_it_needs(folder: Folder, method: str, needs: str) -> None:
    changes = [
        ('method = "password"\nurl = "http://127.0.0.1:9/auth/v1"', f'method = "{method}"'),
        ('anon_key = { env = "RUNBOOK_ANON_KEY" }\nsigning_secret = { env = "RUNBOOK_SIGNING_SECRET" }', ""),
    ]
    assert f'auth: method = "{method}" needs {needs}' in folder.faults(*changes)


def test_faults_of_a_part_and_between_parts_are_told_together(folder: Folder) -> None:
    changes = [
        ("basic_endpoint", "basic_endpiont"),
        ('persona = "organizer"', 'persona = "organiser"'),
        ('"GET /enrollments"', '"POST /enrollments"'),
    ]
    assert sorted(key.partition(":")[0] for key in folder.faults(*changes)) == [
        "admin.persona",
        "api.basic_endpiont",
        "api.guarded_routes.1",
    ]


def test_a_syntax_error_is_one_line_with_its_place(folder: Folder) -> None:
    assert folder.faults(('name = "mine"', "name = mine")) == ["is not valid TOML: Invalid value (at line 2, column 8)"]


def test_text_that_is_not_utf8_is_told(folder: Folder) -> None:
    folder.file.write_bytes(b'name = "caf\xe9"')
    with pytest.raises(SettingsError) as raised:
        load(folder.file, {})
    [line] = folder.told(raised.value)
    assert line.startswith("is not valid TOML: ")


@pytest.mark.parametrize(("name", "reason"), [("none.toml", "No such file or directory"), (".", "Is a directory")])
def test_a_settings_file_that_is_not_there_is_told(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(tmp_path / name, {})
    assert raised.value.lines == (f"{tmp_path / name}: cannot be read ({reason}); name a settings file with --target",)


def test_what_the_target_provides_is_pending_until_it_has_started() -> None:
    assert load(EMBEDDED, {}).api.base_url == PENDING
    with pytest.raises(SettingsError) as raised:
        load(EMBEDDED, {}, started=True)
    assert f"{EMBEDDED}: api.base_url: the environment variable STACK_API_URL is not set" in raised.value.lines


def test_a_compose_file_needs_no_start_and_what_it_gives_is_pending(folder: Folder) -> None:
    """What is handed back by itself, and the variables that the settings name; nothing else."""
    container = '[container]\ncompose = "c.yaml"\nvariables = { OWN_DSN = "postgresql://${COMPOSE_DB_5432}" }\n'
    changes = [
        ('backend = "live"', 'backend = "container"'),
        ('base_url = "http://127.0.0.1:9"', 'base_url = { env = "COMPOSE_API_8000" }'),
        ("[timeouts]", f"{container}[timeouts]"),
    ]
    loaded = folder.load(*changes, ("RUNBOOK_DSN", "OWN_DSN"))
    assert loaded.api.base_url == PENDING == loaded.database.dsn.get_secret_value()
    assert loaded.starting is not None
    assert loaded.starting.command[-2:] == ("--variable", "OWN_DSN=postgresql://${COMPOSE_DB_5432}")
    assert folder.faults(*changes, ("RUNBOOK_DSN", "DSN")) == ["database.dsn: the environment variable DSN is not set"]


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://postgres:pass%2Fword@db.example:5432/postgres",
        "postgresql://:pass%2Fword@db.example",
        "postgresql://postgres@db.example/postgres?password=pass%2Fword&sslmode=require",
        "host=db.example password=pass/word user=postgres",
        "host=db.example password = 'pass/word' user=postgres",
    ],
)
def test_the_password_inside_a_connection_string_is_a_secret_of_its_own(folder: Folder, dsn: str) -> None:
    assert {dsn, "pass/word"} <= set(folder.load(RUNBOOK_DSN=dsn).secrets())


def test_an_escaped_password_is_a_secret_as_it_is_typed(folder: Folder) -> None:
    assert "it's me" in folder.load(RUNBOOK_DSN=r"host=db.example password='it\'s me'").secrets()


# What a hand may do to a settings file: anything that TOML can say, anywhere.

SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.sampled_from(["GET /x", "DELETE /x", "public.x", "https://x.example", "embedded", "token", "organizer", "1"])
)
KEYS = st.text(max_size=6) | st.sampled_from(["env", "file", "method", "path", "subject", "start", "out_of_scope"])
VALUES = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=3), max_leaves=5
)
REFERENCES = st.sampled_from(
    [{"env": name} for name in VARIABLES]
    + [{"env": "NOT_SET"}, {"file": "none.txt"}, {"file": "a\0b"}, {"file": {"env": "RUNBOOK_PASSWORD"}}]
)


def places(part: object) -> Iterator[tuple[Any, Any]]:
    """Every place in a document, as a container and a key or an index."""
    pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, item in pairs:
        yield part, key
        yield from places(item)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    changed: dict[str, Any] = tomllib.loads(LIVE)
    for _ in range(draw(st.integers(1, 4))):
        found = list(places(changed))
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        match draw(st.sampled_from(["value", "reference", "inline", "remove", "rename", "add"])):
            case "value":
                container[key] = draw(VALUES)
            case "reference":
                container[key] = deepcopy(draw(REFERENCES))
            case "inline" if key not in ("env", "file"):
                container[key] = CANARY
            case "remove":
                del container[key]
            case "rename" if isinstance(container, dict):
                container[draw(KEYS)] = container.pop(key)
            case "add" if isinstance(container, dict):
                container[draw(KEYS)] = draw(VALUES)
            case _:
                pass
    return changed


def toml(value: object) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def told(path: Path) -> tuple[str, ...] | None:
    """The lines about a file, None when it loads."""
    try:
        load(path, VARIABLES)
    except SettingsError as error:
        return error.lines
    return None


def test_a_name_that_cannot_be_printed_is_told_in_one_line(folder: Folder) -> None:
    told = folder.faults(("[personas.organizer]", '[personas."\\r\\u2028"]'))
    assert r"admin.persona: is none of the [personas] (\r\u2028, outsider)" in told
    assert all(line.splitlines() == [line] for line in told)


@settings(max_examples=200, deadline=None)
@given(changed=mutated())
def test_whatever_a_hand_does_to_it_a_document_loads_or_is_told_in_lines(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.toml"
    path.write_text("\n".join(f"{toml(key)} = {toml(value)}" for key, value in changed.items()), encoding="utf-8")
    lines = told(path)
    assert lines != ()
    for line in lines or ():
        assert line.startswith(f"{path}: ")
        assert line.splitlines() == [line]
        assert [secret for secret in (CANARY, *VARIABLES.values()) if secret in line] == []
