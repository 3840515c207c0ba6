"""A target's settings: frozen and validated. `settings_file.load` reads them from TOML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from runbook.clauses import Language
from runbook.settings_gate import Gate, OutOfScope, Person, Timestamp, Waiver
from runbook.settings_incident import Incidents
from runbook.settings_logs import Logs
from runbook.settings_parts import Part, PartName
from runbook.settings_release import Release
from runbook.settings_start import Container, Start
from runbook.settings_values import (
    METHODS,
    Frozen,
    Name,
    Origin,
    PersonaName,
    Relation,
    Route,
    Seconds,
    Secret,
    Url,
    UrlPath,
    secrets_in,
)

Backend = Literal["live", "embedded", "container"]
BACKENDS = get_args(Backend)


class ApiErrors(Frozen):
    """The domain error codes, and where one stands in an answer's body."""

    code_at: Name = "error.code"
    unauthenticated: Annotated[tuple[str, ...], Field(min_length=1)]
    event_required: Annotated[tuple[str, ...], Field(min_length=1)]
    event_denied: Annotated[tuple[str, ...], Field(min_length=1)]


class Api(Frozen):
    """The API: where it is, what it guards, and how it refuses."""

    base_url: Url
    basic_endpoint: UrlPath = "/events"
    event_ids_at: Name = "data.id"
    guarded_routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    event_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "x-event-id"
    event_query: Name = "event_id"
    errors: ApiErrors


class Auth(Frozen):
    """How a persona gets its token, and what the suite may forge one with."""

    method: Literal["password", "secret", "private_key", "token"]
    url: Url | None = None
    anon_key: Secret | None = None
    issuer: str | None = None
    audience: str = "authenticated"
    signing_secret: Secret | None = None
    private_key: Secret | None = None
    public_key: str | None = None
    key_id: str | None = None

    @model_validator(mode="after")
    def _has_what_its_method_needs(self) -> Auth:
        needed = {
            "password": ("url", "anon_key"),
            "secret": ("signing_secret",),
            "private_key": ("private_key",),
            "token": (),
        }
        missing = [key for key in needed[self.method] if getattr(self, key) is None]
        if missing:
            raise ValueError(f'method = "{self.method}" needs {" and ".join(missing)}')
        return self


class Persona(Frozen):
    """A person of the API that the suite may sign in as."""

    email: str | None = None
    password: Secret | None = None
    subject: str | None = None
    token: Secret | None = None


class SignIn(Frozen):
    """The sign-in form's fields, as CSS selectors."""

    email: Name
    password: Name
    submit: Name


class Admin(Frozen):
    """The Admin web application, and what its browser may ask of the API."""

    url: Url
    origin: Origin
    persona: Name
    events_page: UrlPath = "/"
    sign_in: SignIn
    loaded: Name
    private: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("GET", "POST")
    headers: tuple[str, ...] = ("authorization", "content-type", "x-event-id")
    browser: str | None = None
    pages: tuple[UrlPath, ...] = ()

    @property
    def pages_read(self) -> tuple[str, ...]:
        """The pages whose console is read."""
        return self.pages or (self.events_page,)


class Database(Frozen):
    """The database: how operators reach it, and what the API exposes of it."""

    dsn: Secret
    exposed_schemas: Annotated[tuple[str, ...], Field(min_length=1)] = ("public",)
    public_tables: tuple[Relation, ...] = ()
    api_login: Name = "authenticator"
    anonymous_role: Name = "anon"
    signed_in_role: Name = "authenticated"
    service_role: Name = "service_role"
    may_be_read_only: bool = False
    answer_within: Seconds = 1
    connections_below: Annotated[float, Field(gt=0, le=1)] = 0.8
    transactions_below: Seconds = 300


class Membership(Frozen):
    """The table that says who belongs to which event."""

    table: Relation
    user: Name = "user_id"
    event: Name = "event_id"
    role: Name | None = None


class Tenancy(Frozen):
    """What an event is in the database."""

    root: Relation
    key: Name = "id"
    membership: Membership


NOT_NAMED = Tenancy(
    root=Relation(schema_name="-", name="-"), membership=Membership(table=Relation(schema_name="-", name="-"))
)
"""Stands where the settings leave the tenancy out: it is read off the foreign keys when the target is opened."""


class Rls(Frozen):
    """How row-level security is proved: by which rows, and what the schema does not say by itself."""

    witness: Literal["touchless", "canary"] | None = None
    nice_ratio: Annotated[float, Field(ge=0, le=100)] | None = None
    context: Annotated[str, Field(pattern=r"^(header|none|setting:[\w.]+|claim:[\w.]+)$")] = "header"
    claims: dict[Name, dict[str, Any]] = Field(default={})
    tables: dict[Name, Annotated[str, Field(pattern=r"^(public|service|(event|owner) via \S+)$")]] = Field(default={})
    baseline: str | None = None


class AuditedFacts(Frozen):
    """Where the four facts of a decision stand: a column, a column across foreign keys
    (`enrollment_id.event_id`) or a key of a JSON column (`detail.outcome`)."""

    table: Relation
    id: Name
    who: Name
    what: Name
    when: Name
    event: Name
    only: dict[str, str] = Field(default={})


class Rehearsal(Frozen):
    """A decision that the suite may make in a transaction that is always rolled back."""

    persona: Name
    sql: Name


class Audit(Frozen):
    """The decisions, and the entries that are evidence of them."""

    decisions: AuditedFacts
    entries: AuditedFacts
    within: Seconds = 5
    rehearsal: Rehearsal | None = None


class Timeouts(Frozen):
    """Time limits, in seconds."""

    connect: Seconds = 5
    request: Seconds = 10
    retry: Seconds = 15
    statement: Seconds = 5
    lock: Seconds = 1
    browser: Seconds = 15


class Settings(Frozen):
    """Everything that the suite knows about one target."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    backend: Backend
    severity: Literal["production", "staging", "local"]
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("id", "en")
    writes: bool = False
    may_be_stopped: bool = False
    certificate_days: Annotated[int, Field(ge=1)] = 14
    start: Start | None = None
    container: Container | None = None
    api: Api
    auth: Auth
    personas: Annotated[dict[PersonaName, Persona], Field(min_length=1)]
    admin: Admin | None = None
    database: Database
    tenancy: Tenancy = NOT_NAMED
    audit: Audit
    rls: Rls = Rls()
    timeouts: Timeouts = Timeouts()
    release: Release = Release()
    parts: dict[PartName, Part] = Field(default={})
    logs: Logs | None = None
    incidents: Incidents = Incidents()
    timestamp: Timestamp | None = None
    gate: Gate = Gate()
    people: dict[PersonaName, Person] = Field(default={})
    out_of_scope: tuple[OutOfScope, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def starting(self) -> Start | None:
        """How it is started; None for a live target, which is not ours to start."""
        if self.container is not None and self.container.compose is not None:
            return self.container.composing
        if self.start is None or self.container is None:
            return self.start
        return self.start.model_copy(update={"command": (*self.start.command, *self.container.arguments)})

    def holders(self) -> dict[str, Person]:
        """The people, by the material of their keys."""
        return {person.key: person for person in self.people.values()}

    def secrets(self) -> list[str]:
        """Every secret value, for redaction; the addresses of the people who sign in are nobody else's either."""
        addresses = [persona.email for persona in self.personas.values() if persona.email]
        return sorted({*secrets_in(self), *addresses})


CREDENTIALS = {
    "password": ("email", "password"),
    "secret": ("subject",),
    "private_key": ("subject",),
    "token": ("token",),
}
"""What a persona needs for each way of getting a token."""


def disagreements(document: object) -> Iterator[tuple[str, str]]:
    """What does not fit together between parts that may each be right: keys and faults. Nothing need be valid yet."""
    personas = _part(document, "personas")
    method = str(_part(document, "auth").get("method"))
    for name, persona in personas.items():
        for key in CREDENTIALS.get(method, ()):
            if isinstance(persona, dict) and key not in persona:
                yield f"personas.{name}.{key}", f'auth.method = "{method}" needs it'
    for path in (("admin",), ("audit", "rehearsal")):
        named = _part(document, *path).get("persona")
        if personas and isinstance(named, str) and named not in personas:
            yield ".".join((*path, "persona")), f"is none of the [personas] ({', '.join(personas)})"
    holders: dict[object, str] = {}
    for name, person in _part(document, "people").items():
        first = holders.setdefault(_part(person).get("key"), name)
        if first != name:
            yield f"people.{name}.key", f"is the key of {first}: two people need two keys"
    top = _part(document)
    backend = top.get("backend")
    if "compose" in _part(document, "container"):
        if "start" in top:
            yield "start", "does not go with container.compose, which says how all of it is started"
    elif backend in BACKENDS and (backend != "live") != ("start" in top):
        yield "start", 'belongs to backend = "embedded" or "container", and only there'
    if backend in BACKENDS and (backend == "container") != ("container" in top):
        yield "container", 'belongs to backend = "container", and only there'
    if top.get("may_be_stopped") is True and top.get("severity") == "production":
        yield "may_be_stopped", "production is never stopped by a check"
    if "waivers" in top:
        yield "waivers", "stand in a file of their own beside this one, NAME.waivers.toml"
    routes = _part(document, "api").get("guarded_routes")
    for index, route in enumerate(routes if isinstance(routes, list) and top.get("writes") is not True else ()):
        verb = str(route).partition(" ")[0]
        if verb in METHODS and verb != "GET":
            yield f"api.guarded_routes.{index}", f"{verb} could write; list it only where writes = true"


def _part(document: object, *path: str) -> dict[str, object]:
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
