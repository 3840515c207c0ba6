"""What the settings say about the release: who tells what is deployed, and the repository that it came from."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from runbook.settings_values import Frozen, Name, Relation, Seconds, Url, UrlPath

FORMS = re.compile(r"(tag|branch|file):(?![-/])[^\s:~^?*\[\\]+")


def _reference(value: str) -> str:
    if not FORMS.fullmatch(value) or ".." in value:
        raise ValueError('must be "tag:NAME", "branch:NAME" or "file:PATH"')
    return value


def _inside(value: str) -> str:
    if value.startswith(("/", "-")) or ":" in value or ".." in value.split("/"):
        raise ValueError("must be a path inside the repository, like supabase/migrations")
    return value.rstrip("/")


Reference = Annotated[str, AfterValidator(_reference)]
PathInside = Annotated[str, AfterValidator(_inside)]
Command = Annotated[tuple[str, ...], Field(min_length=1)]
Format = Literal["supabase", "sql", "flyway", "alembic"]


class Source(Frozen):
    """The git repository: which commit of it is stable, how that one is checked, and where its migrations are."""

    repository: Name
    stable: Reference
    safe_state: Reference | None = None
    image: PathInside | None = None
    lint: tuple[Command, ...] = ()
    lint_within: Seconds = 300
    files: PathInside = "supabase/migrations"
    format: Format = "supabase"
    prepare: tuple[PathInside, ...] = ()
    apply: tuple[str, ...] = ()
    applied_by: Name = "postgres"
    apply_within: Seconds = 60
    database: Name | None = None
    engine: Name | None = None


class Release(Frozen):
    """Where the target says what is deployed: a route of each instance that answers JSON, and the migrations' own
    table; and the repository that it is held against."""

    route: UrlPath | None = None
    commit_at: Name = "commit"
    clean_at: Name | None = None
    image_at: Name | None = None
    deployed_at: Name | None = None
    instances: dict[Annotated[str, Field(pattern=r"^[\w-]+$")], Url] = Field(default={})
    migrations: Relation = Relation(schema_name="supabase_migrations", name="schema_migrations")
    migration: Name = "version"
    leftovers: tuple[Name, ...] = ()
    source: Source | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Release:
        if "api" in self.instances:
            raise ValueError('"api" is the instance at api.base_url; give the others of instances another name')
        if self.source is not None and (self.image_at is None) != (self.source.image is None):
            raise ValueError("image_at and source.image belong together: what is reported, and what it should be")
        return self
