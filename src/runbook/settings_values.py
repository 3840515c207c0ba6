"""The values that settings are made of: addresses, secrets, routes, relations; each knows what it may look like."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args
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


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
METHODS = get_args(Method)


class Route(Frozen):
    """A method and a path, written `GET /enrollments`."""

    method: Method
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


_PASSWORDS = (
    r"://[^:/@]*:([^@]+)@",
    r"\bpassword\s*=\s*'((?:[^'\\]|\\.)*)'",
    r"\bpassword\s*=\s*([^\s&]+)",
    r"\bpassword\s*=\s*(\S+)",
)
"""Where a password may stand in a connection string (https://www.postgresql.org/docs/current/libpq-connect.html)."""


def secrets_in(part: object) -> list[str]:
    """Every secret in a part of the settings, and the passwords inside of connection strings, as they are typed."""
    if isinstance(part, SecretStr):
        value = part.get_secret_value()
        passwords = [found for pattern in _PASSWORDS for found in re.findall(pattern, value)]
        return [value, *passwords, *map(unquote, passwords), *(re.sub(r"\\(.)", r"\1", found) for found in passwords)]
    if isinstance(part, BaseModel):
        return [secret for _, value in part for secret in secrets_in(value)]
    if isinstance(part, dict):
        return [secret for value in part.values() for secret in secrets_in(value)]
    return []
