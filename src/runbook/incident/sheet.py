"""`incident.toml`: what the people of an incident write down. They edit it; what happened stands in the timeline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from runbook.errors import SettingsError
from runbook.settings_values import METHODS, Frozen, Name
from runbook.toml_file import document_in, faults_of, written

SHEET = "incident.toml"
FORMS = '"GET /route", "GET https://address", "table schema.name" or "function schema.name(types)"'
_PATH = re.compile(rf"({'|'.join(METHODS)}) (/|https?://)\S*|table [^\s.]+\.\S+|function [^\s.]+\.[^\s(]+\(.*\)")

TEMPLATE = """\
# Incident {id}. Edit this sheet; what happened, and when, stands in timeline.jsonl beside it, which only grows.
id = {id_}
title = {title}
target = {target}

# Ways to the data that are affected and must be closed, each {forms}.
closed = {closed}
# What must stay open meanwhile: it shows that not simply everything is down.
open = {open}

# For the report: what happened, and what it meant for whom.
[summary]
what = ""
impact = ""

# The operations documents that were changed because of it; or why none needs to be.
[documents]
changed = []
not_needed = ""
"""


def _path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError(f"must be {FORMS}")
    return value


Path_ = Annotated[str, AfterValidator(_path)]


class Summary(Frozen):
    """What happened, and what it meant."""

    what: str = ""
    impact: str = ""


class Documents(Frozen):
    """The documents that were changed, or why none needs to be."""

    changed: tuple[Name, ...] = ()
    not_needed: str = ""


class Sheet(Frozen):
    """What stands in the sheet."""

    id: Name
    title: Name
    target: Name
    closed: tuple[Path_, ...] = ()
    open: tuple[Path_, ...] = ()
    summary: Summary = Field(default=Summary())
    documents: Documents = Field(default=Documents())


def write(folder: Path, id_: str, title: str, target: str, closed: list[str], open_: list[str]) -> None:
    """Write the sheet of a new incident. Raises FileExistsError."""
    values = {"id_": id_, "title": title, "target": target, "closed": closed, "open": open_}
    text = TEMPLATE.format(id=id_, forms=FORMS, **{name: written(value) for name, value in values.items()})
    with (folder / SHEET).open("x", encoding="utf-8") as file:
        file.write(text)


def read(folder: Path) -> Sheet:
    """The sheet of an incident. Raises SettingsError with a line for each fault."""
    path = folder / SHEET
    try:
        sheet = Sheet.model_validate(document_in(path))
    except ValidationError as error:
        raise SettingsError([f"{path}: {key}: {fault}" for key, fault in faults_of(error, Sheet)]) from None
    if sheet.id != folder.name:
        raise SettingsError([f"{path}: id: is {sheet.id}, and the folder is {folder.name}"])
    return sheet
