"""From a TOML file to settings: references resolved, and everything that is wrong named at once."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from runbook.errors import SettingsError
from runbook.settings import Person, Settings, disagreements
from runbook.settings_values import PENDING, Referenced

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

Key = tuple[str | int, ...]


def load(path: Path, environment: Mapping[str, str], *, started: bool = False) -> Settings:
    """The settings in `path`; `{ env = ... }` is looked up in `environment`, `{ file = ... }` beside the file.

    A variable that the target itself provides reads as `PENDING` until it has started.
    Raises SettingsError with one line for each fault; no line holds a value that came from a variable or a file.
    """
    document = _document(path)
    faults: dict[str, str] = {}
    pending = None if started else _provided(document)
    resolved = _Resolver(path.parent, environment, pending, faults).resolve(document, ())
    try:
        settings = Settings.model_validate(resolved)
    except ValidationError as error:
        for key, fault in _faults(error):
            faults.setdefault(key, fault)
    for key, fault in disagreements(resolved):
        faults.setdefault(key, fault)
    if faults:
        raise SettingsError([f"{path}: {key}: {fault}" if key else f"{path}: {fault}" for key, fault in faults.items()])
    baseline = path.parent / settings.rls.baseline if settings.rls.baseline else path.with_suffix(".baseline.json")
    return settings.model_copy(update={"rls": settings.rls.model_copy(update={"baseline": str(baseline)})})


def names(path: Path) -> dict[str, str]:
    """The people that a settings file names, by the material of their keys, and nothing else of it: no secret is looked
    up. Raises SettingsError."""
    document = _document(path)
    try:
        people = TypeAdapter(dict[str, Person]).validate_python(document.get("people", {}))
    except ValidationError as error:
        raise SettingsError([f"{path}: people.{key}: {fault}" for key, fault in _faults(error)]) from None
    return {person.key: str(person) for person in people.values()}


def _document(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            [f"{path}: cannot be read ({error.strerror}); name a settings file with --target"]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: is not valid TOML: {error}"]) from None


def _provided(document: Mapping[str, object]) -> str | None:
    start = document.get("start")
    provides = start.get("provides") if isinstance(start, dict) else None
    return provides if isinstance(provides, str) and provides else None


class _Resolver:
    """Replaces `{ env = ... }`, `{ file = ... }` and `{ file = { env = ... } }` by what they name."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], pending: str | None, faults: dict[str, str]
    ) -> None:
        self.folder = folder
        self.environment = environment
        self.pending = pending
        self.faults = faults

    def resolve(self, value: object, key: Key) -> object:
        if isinstance(value, dict):
            match value:
                case {"env": str(name), **rest} if not rest:
                    return Referenced(self._variable(name, key))
                case {"file": str(name), **rest} if not rest:
                    return Referenced(self._file(name, _shown(name), key))
                case {"file": {"env": str(name), **more}, **rest} if not rest and not more:
                    named = self._variable(name, key)
                    shown = f"that {_shown(name)} names"
                    return Referenced(named if named == PENDING else self._file(named, shown, key))
            return {name: self.resolve(item, (*key, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, (*key, index)) for index, item in enumerate(value)]
        return value

    def _variable(self, name: str, key: Key) -> str:
        value = self.environment.get(name)
        if value:
            return value
        if not (self.pending and name.startswith(self.pending)):
            self.faults[_dotted(key)] = f"the environment variable {_shown(name)} is not set"
        return PENDING

    def _file(self, name: str, shown: str, key: Key) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its name or its text is not valid"
            self.faults[_dotted(key)] = f"the file {shown} cannot be read ({reason})"
            return PENDING


def _faults(error: ValidationError) -> Iterator[tuple[str, str]]:
    for detail in error.errors(include_url=False, include_input=False):
        location = _dotted(part for part in detail["loc"] if part != "[key]")
        if detail["type"] == "value_error":
            yield location, str(detail["ctx"]["error"])
        else:
            yield location, _wording(detail)


def _dotted(key: Iterable[str | int]) -> str:
    """A key as TOML writes it: `api.errors`, `personas."the organiser".email`."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else json.dumps(part) for part in map(str, key))


def _shown(name: str) -> str:
    return name if name.isprintable() else json.dumps(name)


def _wording(detail: ErrorDetails) -> str:
    fault = _WORDING.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:])
    if detail["type"] == "extra_forbidden":
        near = get_close_matches(str(detail["loc"][-1]), _keys_beside(detail["loc"]), n=1)
        fault += f"; did you mean {near[0]!r}?" if near else ""
    return fault


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand where an unknown one stood."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        model = next(_models_in(field.annotation), model) if field else model
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
