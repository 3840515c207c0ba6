"""A target's settings: frozen and validated. `settings_file.load` reads them from TOML."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from runbook.clauses import Language

PENDING = "http://pending.invalid"
"""Stands for a value that the target only gives once it has started."""


class Referenced(str):
    """A value that came from an environment variable or a file, not from the settings file itself."""


def _secret(value: object) -> object:
    if not isinstance(value, Referenced):
        raise ValueError('a secret may not stand here; write { env = "NAME" } or { file = "path" } instead')
    return SecretStr(str(value))


_ADDRESS = TypeAdapter(HttpUrl)


def _url(value: str) -> str:
    """The address as a browser writes it (https://url.spec.whatwg.org): host in lower case, no default port."""
    try:
        address = _ADDRESS.validate_python(value)
    except ValidationError:
        raise ValueError("must be an http or https address, like https://api.example.com") from None
    if address.username is not None or address.password is not None:
        raise ValueError("must not carry a user name or password")
    if address.query is not None or address.fragment is not None:
        raise ValueError("must not carry a query or a fragment")
    return str(address).rstrip("/")


def _origin(value: str) -> str:
    address = _url(value)
    if urlsplit(address).path:
        raise ValueError("must be an origin: scheme, host and port, without a path")
    return address


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("must be a path that begins with /")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Url = Annotated[str, AfterValidator(_url)]
Origin = Annotated[str, AfterValidator(_origin)]
UrlPath = Annotated[str, AfterValidator(_path)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Name = Annotated[str, Field(min_length=1)]
PersonaName = Annotated[str, Field(pattern=r"^[\w-]+$")]


class Frozen(BaseModel):
    """Every part of the settings: nothing unknown in it, and nothing changes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Route(Frozen):
    """A method and a path, written `GET /enrollments`."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: UrlPath

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if isinstance(value, str):
            method, _, path = value.partition(" ")
            return {"method": method, "path": path}
        return value

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Relation(Frozen):
    """A table or view by its schema and name, written `public.events`."""

    schema_name: Name
    name: Name

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if isinstance(value, str):
            schema, dot, name = value.partition(".")
            if not dot:
                raise ValueError('must be written with its schema, like "public.events"')
            return {"schema_name": schema, "name": name}
        return value

    def __str__(self) -> str:
        return f"{self.schema_name}.{self.name}"


class Start(Frozen):
    """The command that starts a target of one's own, and the variables that it hands back."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    folder: str = "."
    provides: Name
    seconds: Seconds = 60


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


class Tenancy(Frozen):
    """What an event is in the database."""

    root: Relation
    key: Name = "id"
    membership: Membership


class AuditedFacts(Frozen):
    """Where the four facts of a decision stand: a column, a column across foreign keys
    (`enrollment_id.event_id`) or a key of a JSON column (`detail.outcome`)."""

    table: Relation
    id: Name
    who: Name
    what: Name
    when: Name
    event: Name
    only: dict[str, str] = {}


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


class OutOfScope(Frozen):
    """A check that this target can never verify, and why: listed in every report, and not required."""

    check: Name
    reason: Annotated[str, Field(min_length=10)]


class Settings(Frozen):
    """Everything that the suite knows about one target."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    backend: Literal["live", "embedded"]
    severity: Literal["production", "staging", "local"]
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("id", "en")
    writes: bool = False
    certificate_days: Annotated[int, Field(ge=1)] = 14
    start: Start | None = None
    api: Api
    auth: Auth
    personas: Annotated[dict[PersonaName, Persona], Field(min_length=1)]
    admin: Admin | None = None
    database: Database
    tenancy: Tenancy
    audit: Audit
    timeouts: Timeouts = Timeouts()
    out_of_scope: tuple[OutOfScope, ...] = ()

    @model_validator(mode="after")
    def _parts_agree(self) -> Settings:
        faults = [*self._missing_credentials(), *self._unknown_personas()]
        if (self.backend == "embedded") != (self.start is not None):
            faults.append('start: belongs to backend = "embedded", and only there')
        if not self.writes:
            faults += [
                f"api.guarded_routes.{index}: {route.method} could write; list it only where writes = true"
                for index, route in enumerate(self.api.guarded_routes)
                if route.method != "GET"
            ]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _missing_credentials(self) -> list[str]:
        needed = {
            "password": ("email", "password"),
            "secret": ("subject",),
            "private_key": ("subject",),
            "token": ("token",),
        }[self.auth.method]
        return [
            f'personas.{name}.{key}: auth.method = "{self.auth.method}" needs it'
            for name, persona in self.personas.items()
            for key in needed
            if getattr(persona, key) is None
        ]

    def _unknown_personas(self) -> list[str]:
        named = {"admin.persona": self.admin.persona if self.admin else None}
        named["audit.rehearsal.persona"] = self.audit.rehearsal.persona if self.audit.rehearsal else None
        return [
            f"{key}: is none of the [personas] ({', '.join(self.personas)})"
            for key, name in named.items()
            if name and name not in self.personas
        ]

    def secrets(self) -> list[str]:
        """Every secret value, for redaction."""
        return sorted(set(_secrets_in(self)))


_PASSWORDS = (
    r"://[^:/@]*:([^@]+)@",
    r"\bpassword\s*=\s*'((?:[^'\\]|\\.)*)'",
    r"\bpassword\s*=\s*([^\s&]+)",
    r"\bpassword\s*=\s*(\S+)",
)
"""Where a password may stand in a connection string (https://www.postgresql.org/docs/current/libpq-connect.html)."""


def _secrets_in(part: object) -> list[str]:
    if isinstance(part, SecretStr):
        value = part.get_secret_value()
        passwords = [found for pattern in _PASSWORDS for found in re.findall(pattern, value)]
        return [value, *passwords, *map(unquote, passwords), *(re.sub(r"\\(.)", r"\1", found) for found in passwords)]
    if isinstance(part, BaseModel):
        return [secret for _, value in part for secret in _secrets_in(value)]
    if isinstance(part, dict):
        return [secret for value in part.values() for secret in _secrets_in(value)]
    return []
