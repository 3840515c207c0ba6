"""The documents agree with the code: commands, paths, settings, exit codes, clauses and the summary that is shown."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args, get_origin

import click
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from runbook.api.tokens import InvalidToken
from runbook.clauses import clauses, of_section
from runbook.cli import main
from runbook.evidence.record import CheckRecord, Outcome
from runbook.evidence.summary import WORDS, summary
from runbook.evidence.verdict import Verdict, judge
from runbook.settings import Auth, Settings
from runbook.settings_file import load
from runbook.settings_values import Relation, Route
from stack.supervisor import UnknownDefect, planted

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT) for pattern in ("*.md", "docs/**/*.md", "reports/*.md") for path in ROOT.glob(pattern)
)
READMES = (Path("README.md"), Path("README.id.md"))
AFTER_A_DEPLOY = Path("docs/after-a-deploy.md")
EXAMPLE = ROOT / "targets" / "live.example.toml"
CHECKS = sorted((ROOT / "checks").glob("*/test_*.py"))

GENERATED = re.compile(r"\.venv/|\.runbook/|reports/(?!README)|incidents/|incident\.toml|report\.md")
"""Paths that only a run or a set-up brings about."""
PATH = re.compile(r"(?!/)[\w.*-]*/[\w./*-]*|[\w.-]+\.(md|toml|py|sql|svg|lock)")
METHODS = get_args(Auth.model_fields["method"].annotation)


def text_of(document: Path) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def fenced(document: Path, language: str) -> list[str]:
    """The contents of the document's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(document), re.DOTALL | re.MULTILINE)


def spans(document: Path) -> list[str]:
    """What the document's prose sets as code."""
    prose = re.sub(r"^```.*?^```$", "", text_of(document), flags=re.DOTALL | re.MULTILINE)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def commands(document: Path) -> list[list[str]]:
    """Every command of the document: each line of its sh blocks, and what its prose sets as a command."""
    lines = [line for block in fenced(document, "sh") for line in block.replace("\\\n", "").splitlines()]
    lines += [span for span in spans(document) if re.match(r"(make|pytest|runbook|\.venv/bin/\w+) \w", span)]
    return [shlex.split(part) for line in lines for part in re.split(r"; | && ", line)]


COPIED = {words[2] for document in DOCUMENTS for words in commands(document) if words[0] == "cp"}
"""Files that the documents have the reader make."""


def is_there(path: str, beside: Path = ROOT) -> bool:
    if GENERATED.match(path) or path.replace(".waivers.", ".") in COPIED:
        return True
    return any(any(folder.glob(path)) if "*" in path else (folder / path).exists() for folder in (ROOT, beside))


def make_targets() -> dict[str, str | None]:
    """Every target of the Makefile with its help, None where it has none."""
    lines = re.findall(r"^([\w.-]+):(?!=)([^\n]*)$", text_of(Path("Makefile")), re.MULTILINE)
    return {name: rest.split("## ")[1] if "## " in rest else None for name, rest in lines if not name.startswith(".")}


def fault_in(words: list[str], config: pytest.Config) -> str | None:
    """What is wrong with a command, if anything is."""
    program, arguments = words[0].removeprefix(".venv/bin/"), words[1:]
    if program not in {"make", "runbook", "pytest", "cp", "ls", "grep", "set", ".", "docker"}:
        return f"no document uses the program {program}"
    missing = [word for word in arguments if PATH.fullmatch(word) and not is_there(word) and word not in COPIED]
    if missing:
        return f"{missing[0]} is not there"
    try:
        if program == "make":
            names = {name for name in arguments if "=" not in name}
            variables = {name.partition("=")[0] for name in arguments if "=" in name}
            unknown = (names - make_targets().keys()) | {
                v for v in variables if f"$({v})" not in text_of(Path("Makefile"))
            }
            return f"the Makefile has no {unknown.pop()}" if unknown else None
        if program == "runbook":
            command: click.Command = main
            while isinstance(command, click.Group) and arguments:
                command = command.commands[arguments.pop(0)]
            # A command alone is spoken of; with its arguments it is to be typed. RUN stands for a folder.
            spoken_of = not arguments or any("RUN" in argument.split("/") for argument in arguments)
            given = command.make_context(command.name, arguments, resilient_parsing=spoken_of).params.get("defect")
            if given not in (None, "NAME"):
                planted(given)
        if program == "pytest":
            for option in (word.partition("=")[0] for word in arguments if word.startswith("-")):
                config.getoption(option)
    except (KeyError, ValueError, click.UsageError, UnknownDefect) as error:
        return str(error)
    return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_command_exists(document: Path, pytestconfig: pytest.Config) -> None:
    faults = [
        f"{shlex.join(words)}: {fault}" for words in commands(document) if (fault := fault_in(words, pytestconfig))
    ]
    assert faults == []


def test_both_readmes_show_the_same_commands_and_the_same_summary() -> None:
    english, indonesian = READMES
    assert fenced(english, "sh") != []
    assert fenced(english, "sh") == fenced(indonesian, "sh")
    assert fenced(english, "text") == fenced(indonesian, "text")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_and_path_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)", text_of(document))
    paths = [span for span in spans(document) if PATH.fullmatch(span)]
    beside = ROOT / document.parent
    dead = [link for link in links if not (beside / link).exists()] + [
        path for path in paths if not is_there(path, beside)
    ]
    assert dead == []


def test_make_alone_lists_every_target_that_has_a_help() -> None:
    shown = subprocess.run(["make", "-s", "-C", ROOT], check=True, capture_output=True, text=True).stdout
    listed = dict(re.findall(r"^  make (\S+) +(.+)$", shown, re.MULTILINE))
    helped = {name: help_ for name, help_ in make_targets().items() if help_ is not None}
    assert {"health", "test"} <= helped.keys()
    assert listed == helped


@pytest.mark.parametrize("document", [*READMES, AFTER_A_DEPLOY], ids=str)
def test_documented_exit_codes_are_the_real_ones(document: Path) -> None:
    rows = re.findall(r"^\| ((?:`\d`(?:, )?)+) \| (\w+)", text_of(document), re.MULTILINE)
    documented = {int(code): word for codes, word in rows for code in re.findall(r"\d", codes)}
    of_verdicts = {verdict.exit_code: verdict.value for verdict in Verdict}
    without = {int(pytest.ExitCode.INTERRUPTED), int(pytest.ExitCode.USAGE_ERROR)}
    assert {code: word for code, word in documented.items() if code not in without} == of_verdicts
    assert documented.keys() - of_verdicts.keys() == without


def test_every_health_clause_is_explained_with_its_severity() -> None:
    explained = re.findall(r"^\| (H\d+) \| (P\d) \| \S", text_of(AFTER_A_DEPLOY), re.MULTILINE)
    assert explained == [(clause.id, clause.severity) for clause in of_section("health")]


def test_every_outcome_is_explained_with_its_indonesian_word() -> None:
    explained = re.findall(
        r"^\| ([\w ]+) \| ([\w ]+) \| it |^\| (out of scope) \| ([\w ]+) \|", text_of(AFTER_A_DEPLOY), re.M
    )
    words = {english or last: indonesian or word for english, indonesian, last, word in explained}
    assert words == {outcome: WORDS[outcome]["id"] for outcome in get_args(Outcome)}


def test_the_summary_shown_is_what_a_run_prints() -> None:
    """The README's picture of a run with RLS switched off, made again: the two clauses that it violates."""
    [block] = fenced(READMES[0], "text")
    violated = {
        ("H2", "event_context.py::test_member_of_two_events_gets_the_one_named[GET /enrollments]"): (
            "the answer for one event mentions the other"
        ),
        ("H4", "database.py::test_rls_is_on[public.enrollments]"): "RLS is off on public.enrollments",
    }
    records = {f"{id_} {number}": record(id_, str(number)) for id_, held in HELD.items() for number in range(held)}
    for (id_, check), reason in violated.items():
        source, _, function = check.partition("[")[0].partition("::")
        assert f"def {function}(" in text_of(Path("checks/health") / f"test_{source}")
        records[check] = record(id_, f"checks/health/test_{check}", reason)
    judgement = judge([clauses()[id_] for id_ in HELD], records, records)
    lines = [line.text for line in summary(judgement, ("id", "en"), block.splitlines()[-1], 100)]
    assert block.splitlines() == lines


HELD = {"H2": 97, "H4": 26}
"""How many checks held beside the one that was violated."""


def record(clause: str, check: str, reason: str | None = None) -> CheckRecord:
    return CheckRecord(check, clause, clauses()[clause].severity, "violated" if reason else "held", 0, reason)


def switched_on(method: str) -> str:
    """The example with one method of authentication, and every key that is switched off switched on."""
    chosen = re.sub(r'^method = ".*"$', f'method = "{method}"', EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    chosen = re.sub(r"^#method = .*\n", "", chosen, flags=re.MULTILINE)
    return re.sub(r"^#(?=\S)", "", chosen, flags=re.MULTILINE).replace('backend = "live"', 'backend = "container"')


def of_images(text: str) -> str:
    """What goes with container.database and system, of the example with everything switched on."""
    return re.sub(r"^compose = .*\n|^\[container\.variables\]\n.*\n", "", text, flags=re.MULTILINE)


def of_compose(text: str) -> str:
    """What goes with container.compose."""
    without_start = re.sub(r"^\[start\]\n.*?(?=^\[container\]\n)", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r'^(database|system) = ".*\n', "", without_start, flags=re.MULTILINE)


def loaded(text: str, folder: Path) -> Settings:
    """The settings in the text, every variable set and every file there that it names."""
    for name in re.findall(r'file = "([^"]+)"', text):
        (folder / name).write_text("what stands in a file", encoding="utf-8")
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return load(folder / "mine.toml", {name: f"value of {name}" for name in re.findall(r'env = "(\w+)"', text)})


def fields(model: type[BaseModel], *above: str) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every key of the settings with its field; `*` where a name of the user's own stands."""
    for name, field in model.model_fields.items():
        yield (*above, name), field
        named = ("*",) if get_origin(field.annotation) is dict else ()
        for part in models_in(field.annotation):
            yield from fields(part, *above, name, *named)


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The parts of the settings that an annotation names; routes and relations are written as text."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in (Route, Relation):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def at(document: object, key: tuple[str, ...]) -> object:
    """What stands at a key of a TOML document; the first of several; None where nothing stands."""
    for name in key:
        document = document[0] if isinstance(document, list) else document
        if not isinstance(document, dict):
            return None
        document = next(iter(document.values())) if name == "*" else document.get(name)
    return document


def test_example_is_a_live_target_that_is_only_read(tmp_path: Path) -> None:
    settings = loaded(EXAMPLE.read_text(encoding="utf-8"), tmp_path)
    assert (settings.backend, settings.writes, settings.auth.method) == ("live", False, "password")


@pytest.mark.parametrize("kind", [of_images, of_compose])
@pytest.mark.parametrize("method", METHODS)
def test_example_loads_with_each_method_and_everything_switched_on(
    method: str, kind: Callable[[str], str], tmp_path: Path
) -> None:
    assert loaded(kind(switched_on(method)), tmp_path).auth.method == method


def test_example_shows_each_method_once() -> None:
    assert sorted(re.findall(r'^#?method = "(\w+)"', EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)) == sorted(
        METHODS
    )


def test_example_shows_every_key_of_the_settings() -> None:
    document = tomllib.loads(switched_on("password"))
    keys = [key for key, _ in fields(Settings) if key[0] != "waivers"]  # which stand in a file of their own
    assert ("personas", "*", "token") in keys
    assert ("api", "errors", "code_at") in keys
    assert [".".join(key) for key in keys if at(document, key) is None] == []


def plain(default: object) -> object:
    return default.model_dump() if isinstance(default, BaseModel) else default


def test_keys_that_are_switched_off_show_their_defaults(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    active, everything = tomllib.loads(text), tomllib.loads(switched_on("password"))
    shown = loaded(of_images(switched_on("password")), tmp_path).model_dump()
    off = [
        (key, field) for key, field in fields(Settings) if at(active, key) is None and at(everything, key) is not None
    ]
    wrong = [
        ".".join(key)
        for key, field in off
        if not field.is_required() and plain(field.default) not in (None, (), {}, at(shown, key))
    ]
    assert ("timeouts", "retry") in [key for key, _ in off]
    assert wrong == []


def test_checks_that_the_example_declares_out_of_scope_exist(tmp_path: Path) -> None:
    functions = {
        node.name
        for path in CHECKS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    declared = [entry.check for entry in loaded(EXAMPLE.read_text(encoding="utf-8"), tmp_path).out_of_scope]
    cases = {f"test_invalid_authentication_is_refused[{token}]" for token in get_args(InvalidToken)}
    assert declared != []
    assert set(declared) <= functions | cases | clauses().keys()
