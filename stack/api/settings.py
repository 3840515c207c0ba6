"""What the API is told when it starts: the one place that reads the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

MIGRATIONS = Path(__file__).parents[1] / "database" / "migrations"


@dataclass(frozen=True)
class Settings:
    """Addresses, keys and connections of one running API. Secrets are left out of its `repr`."""

    auth_url: str
    admin_origin: str
    commit: str
    clean: bool
    release: str
    migration: str
    deployed_at: str
    public_key: str
    anon_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    authenticator_dsn: str = field(repr=False)
    auth_admin_dsn: str = field(repr=False)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in the environment's STACK_ variables. Raises KeyError or OSError for a missing variable or file."""
    return Settings(
        auth_url=environment["STACK_AUTH_URL"],
        admin_origin=environment["STACK_ADMIN_URL"],
        commit=environment.get("STACK_COMMIT", "unknown"),
        clean=environment.get("STACK_CLEAN") == "true",
        release=environment.get("STACK_RELEASE", "unknown"),
        migration=max(file.name.partition("_")[0] for file in MIGRATIONS.glob("*.sql")),
        deployed_at=environment.get("STACK_DEPLOYED_AT", datetime.now(UTC).isoformat()),
        public_key=Path(environment["STACK_PUBLIC_KEY_FILE"]).read_text(encoding="ascii"),
        anon_key=environment["STACK_ANON_KEY"],
        jwt_secret=environment["STACK_JWT_SECRET"],
        authenticator_dsn=environment["STACK_AUTHENTICATOR_DSN"],
        auth_admin_dsn=environment["STACK_AUTH_ADMIN_DSN"],
    )


def of(request: Request) -> Settings:
    """The settings of the API that serves this request."""
    settings: Settings = request.app.state.settings
    return settings
