"""A TOML file, and what is wrong in it: one line a fault, in the words of whoever wrote it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError

from runbook.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WORDING = {
    "missing": "is missing",
    "extra_forbidden": "unknown key",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "model_type": "must be a part with keys of its own",
    "tuple_type": "must be a list",
    "too_short": "must not be empty",
}


def document_in(path: Path) -> dict[str, object]:
    """What a TOML file holds. Raises SettingsError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            [f"{path}: cannot be read ({error.strerror}); name a settings file with --target"]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: is not valid TOML: {error}"]) from None


def faults_of(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """The key and the fault of each thing that kept a document from being this model."""
    for detail in error.errors(include_url=False, include_input=False):
        location = dotted(part for part in detail["loc"] if part != "[key]")
        if detail["type"] == "value_error":
            yield location, str(detail["ctx"]["error"])
        else:
            yield location, _wording(detail, model)


def dotted(key: Iterable[str | int]) -> str:
    """A key as TOML writes it: `api.errors`, `personas."the organiser".email`."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else json.dumps(part) for part in map(str, key))


def shown(name: str) -> str:
    """A name that can be printed on one line."""
    return name if name.isprintable() else json.dumps(name)


def _wording(detail: ErrorDetails, model: type[BaseModel]) -> str:
    fault = _WORDING.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:])
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(str(detail["loc"][-1]), _keys_beside(detail["loc"], model), n=1)
        fault += f"; did you mean {near[0]!r}?" if near else ""
    return fault


def _keys_beside(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """The keys that may stand where an unknown one stood."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models_in(field.annotation), model) if field else model
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def written(value: object) -> str:
    """A text, a time, a date or a list of texts as TOML writes it: texts as in JSON, but for the delete character."""
    if isinstance(value, list):
        return "[" + "".join(f"\n  {written(item)}," for item in value) + ("\n]" if value else "]")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
