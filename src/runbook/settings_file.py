"""From a TOML file to settings: references resolved, and everything that is wrong named at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from runbook.errors import SettingsError
from runbook.settings import Settings, disagreements
from runbook.settings_gate import Person
from runbook.settings_values import PENDING, Referenced
from runbook.toml_file import document_in, dotted, faults_of, shown
from runbook.waivers import waivers_in

Key = tuple[str | int, ...]


def load(path: Path, environment: Mapping[str, str], *, started: bool = False) -> Settings:
    """The settings in `path`; `{ env = ... }` is looked up in `environment`, `{ file = ... }` beside the file.

    A variable that the target itself provides reads as `PENDING` until it has started.
    Its waivers and its baseline stand beside it. Raises SettingsError with one line for each fault; no line holds a
    value that came from a variable or a file.
    """
    document = document_in(path)
    faults: dict[str, str] = {}
    pending = () if started else _provided(document)
    resolved = _Resolver(path.parent, environment, pending, faults).resolve(document, ())
    try:
        settings = Settings.model_validate(resolved)
    except ValidationError as error:
        for key, fault in faults_of(error, Settings):
            faults.setdefault(key, fault)
    for key, fault in disagreements(resolved):
        faults.setdefault(key, fault)
    if faults:
        raise SettingsError([f"{path}: {key}: {fault}" if key else f"{path}: {fault}" for key, fault in faults.items()])
    baseline = path.parent / settings.rls.baseline if settings.rls.baseline else path.with_suffix(".baseline.json")
    rls = settings.rls.model_copy(update={"baseline": str(baseline)})
    return settings.model_copy(update={"rls": rls, "waivers": waivers_in(path.with_suffix(".waivers.toml"))})


def names(path: Path) -> dict[str, str]:
    """The people that a settings file names, in words, by the material of their keys. Raises SettingsError."""
    return {key: str(person) for key, person in people_in(path).items()}


def people_in(path: Path) -> dict[str, Person]:
    """The people that a settings file names, by the material of their keys, and nothing else of it: no secret is looked
    up. Raises SettingsError."""
    document = document_in(path)
    try:
        people = TypeAdapter(dict[str, Person]).validate_python(document.get("people", {}))
    except ValidationError as error:
        raise SettingsError([f"{path}: people.{key}: {fault}" for key, fault in faults_of(error, Settings)]) from None
    return {person.key: person for person in people.values()}


def _provided(document: Mapping[str, object]) -> tuple[str, ...]:
    """How the variables begin that the started system gives."""
    start, container = (found if isinstance(found := document.get(key), dict) else {} for key in ("start", "container"))
    variables = container.get("variables")
    named = [start.get("provides"), *(variables if isinstance(variables, dict) else ())]
    named += ["COMPOSE_"] if "compose" in container else []
    return tuple(name for name in named if isinstance(name, str) and name)


class _Resolver:
    """Replaces `{ env = ... }`, `{ file = ... }` and `{ file = { env = ... } }` by what they name."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], pending: tuple[str, ...], faults: dict[str, str]
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
                    return Referenced(self._file(name, shown(name), key))
                case {"file": {"env": str(name), **more}, **rest} if not rest and not more:
                    named = self._variable(name, key)
                    told = f"that {shown(name)} names"
                    return Referenced(named if named == PENDING else self._file(named, told, key))
            return {name: self.resolve(item, (*key, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, (*key, index)) for index, item in enumerate(value)]
        return value

    def _variable(self, name: str, key: Key) -> str:
        value = self.environment.get(name)
        if value:
            return value
        if not name.startswith(self.pending):
            self.faults[dotted(key)] = f"the environment variable {shown(name)} is not set"
        return PENDING

    def _file(self, name: str, shown: str, key: Key) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its name or its text is not valid"
            self.faults[dotted(key)] = f"the file {shown} cannot be read ({reason})"
            return PENDING
