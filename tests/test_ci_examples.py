"""The examples in docs/ci do what they say: their own shell steps, run on a system that really answers.

Each runs in a folder that looks like a checkout after its install step: `.venv` is this environment, and
`targets/mine.toml` the example of a live target, pointed at a system that was started; without the Admin, which needs a
browser.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from runbook.evidence import keys
from runbook.evidence.verdict import Verdict
from runbook.settings_gate import Gate
from stack.supervisor import planted, started

ROOT = Path(__file__).parents[1]
CI = ROOT / "docs" / "ci"
LIVE = (ROOT / "targets" / "live.example.toml").read_text(encoding="utf-8")
NAMED = set(re.findall(r'^[^#\n]*\benv = "(\w+)"', LIVE, re.MULTILINE))
PARSE = (
    "process.stdout.write(JSON.stringify(require(process.argv[1]).yaml.parse(require('fs').readFileSync(0, 'utf8'))))"
)
RUN_SECONDS = 60
Yaml = dict[str, Any]


def parsed(name: str) -> Yaml:
    """The YAML of an example, read by the parser that Playwright brings: the suite itself reads none."""
    node, cli = compute_driver_executable()
    library = Path(cli).parent / "lib" / "utilsBundle.js"
    read = subprocess.run([node, "-e", PARSE, library], input=(CI / name).read_bytes(), capture_output=True, check=True)
    document: Yaml = json.loads(read.stdout)
    return document


@dataclass(frozen=True, slots=True)
class Example:
    """What an example has its CI do: start `command`, in an environment made of the store's secrets; keep `kept`."""

    command: tuple[str, ...]
    environment: Callable[[dict[str, str], Path | None], dict[str, str]]
    kept: str


def github() -> Example:
    """`run` without `shell` is `bash -e`; of the secrets only those that `env` names are handed over."""
    steps: list[Yaml] = parsed("github-actions.yml")["jobs"]["gate"]["steps"]
    [gate] = [step for step in steps if step.get("name") == "Gate"]
    [upload] = [step for step in steps if step.get("if") == "always()"]

    def environment(store: dict[str, str], key: Path | None) -> dict[str, str]:
        secrets = {**store, "RUNBOOK_SIGNING_KEY": key.read_text() if key is not None else ""}
        return {
            name: re.sub(r"\$\{\{ secrets\.(\w+) \}\}", lambda found: secrets[found[1]], value)
            for name, value in gate["env"].items()
        }

    return Example(("bash", "-e", "-c", gate["run"]), environment, upload["with"]["path"])


def gitlab() -> Example:
    """All lines of a script run in one shell, with errexit and pipefail; every variable is handed over."""
    job = parsed("gitlab-ci.yml")["after-a-deploy"]
    assert job["artifacts"]["when"] == "always"
    [kept] = job["artifacts"]["paths"]

    def environment(store: dict[str, str], key: Path | None) -> dict[str, str]:
        return store if key is None else {**store, "RUNBOOK_KEY": str(key)}

    return Example(("bash", "-eo", "pipefail", "-c", "\n".join(job["script"])), environment, kept)


def kubernetes() -> Example:
    """The secret is handed over whole; the key's file is where it is mounted, or is not there."""
    pod = parsed("kubernetes-job.yaml")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    [volume] = [volume["name"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    [mounted] = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == volume]
    assert container["envFrom"] == [{"secretRef": {"name": "runbook"}}]
    given = {variable["name"]: variable["value"] for variable in container["env"]}
    assert given.keys() == {"HOME", "REPORTS", "RUNBOOK_KEY"}
    assert given["REPORTS"] == mounted

    def environment(store: dict[str, str], key: Path | None) -> dict[str, str]:
        return {**store, "REPORTS": "volume", "RUNBOOK_KEY": str(key if key is not None else "not mounted")}

    return Example((*container["command"], *container["args"]), environment, "volume")


EXAMPLES = {"github": github, "gitlab": gitlab, "kubernetes": kubernetes}


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Example:
    return EXAMPLES[request.param]()


def settings(provided: dict[str, str]) -> str:
    """The example of a live target, of a system that was started."""
    text = re.sub(r"^\[admin\]\n.*?(?=^\[)", "", LIVE, flags=re.MULTILINE | re.DOTALL)
    for old, new in {
        'severity = "production"': 'severity = "local"',
        "https://api.example.com": provided["STACK_API_URL"],
        "https://project-ref.supabase.co/auth/v1": provided["STACK_AUTH_URL"],
        "runbook-organizer@example.com": "organizer@runbook.example",
        "runbook-both@example.com": "both@runbook.example",
        "runbook-outsider@example.com": "outsider@runbook.example",
        '#route = "/version"': 'route = "/version"',
        "#nice_ratio = 9": "nice_ratio = 0",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text + '\n[[out_of_scope]]\ncheck = "H3"\nreason = "The browser is left to other tests."\n'


class Checkout:
    """A folder after the install step, and the secrets of its target."""

    def __init__(self, folder: Path, provided: dict[str, str]) -> None:
        self.folder = folder
        # What the health checks do not need is named all the same, and must be there.
        self.secrets = dict.fromkeys(NAMED, "of no use here") | {
            "RUNBOOK_ANON_KEY": provided["STACK_ANON_KEY"],
            "RUNBOOK_DATABASE_DSN": provided["STACK_DATABASE_DSN"],
            **{name: provided["STACK_PASSWORD"] for name in NAMED if name.endswith("_PASSWORD")},
        }
        (folder / "targets").mkdir()
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "targets" / "mine.toml").write_text(settings(provided), encoding="utf-8")

    def run(
        self, example: Example, key: Path | None = None, changed: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, str]:
        """Run the example's own steps with what the CI's store holds, and nothing else: exit code, what it printed."""
        given = example.environment({**self.secrets, **changed}, key)
        finished = subprocess.run(
            example.command,
            cwd=self.folder,
            env={"PATH": os.defpath, "HOME": str(self.folder), "TMPDIR": str(self.folder), **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        return finished.returncode, finished.stdout

    def kept(self, example: Example) -> set[str]:
        """What the runs left in the folder that the example keeps, by its path in a run's folder."""
        runs = (self.folder / example.kept).glob("*/")
        return {path.relative_to(run).as_posix() for run in runs for path in run.rglob("*") if path.is_file()}


@contextmanager
def system(defect: str | None = None) -> Iterator[dict[str, str]]:
    directory = ROOT / ".runbook" / f"ci-{defect or 'sound'}-{os.getpid()}"
    with started(directory, defect=planted(defect) if defect is not None else None) as provided:
        yield provided
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def sound() -> Iterator[dict[str, str]]:
    """A system with nothing wrong."""
    with system() as provided:
        yield provided


@pytest.fixture(scope="module")
def defective() -> Iterator[dict[str, str]]:
    """A system with RLS switched off on one table."""
    with system("rls_off") as provided:
        yield provided


@pytest.fixture
def checkout(sound: dict[str, str], tmp_path: Path) -> Checkout:
    return Checkout(tmp_path, sound)


def test_what_is_verified_passes_and_is_signed(example: Example, checkout: Checkout, tmp_path: Path) -> None:
    """Also where the CI hands over the key in a file that others may read, as GitLab and Kubernetes do."""
    key = tmp_path / "key.pem"
    keys.new(key)
    key.chmod(0o444)
    code, printed = checkout.run(example, key)
    assert (code, printed.splitlines()[-1].split()[0]) == (0, "PASSED"), printed
    assert {"run.jsonl", "junit.xml", "seal.json", "gate/verdict.json"} <= checkout.kept(example)


@pytest.mark.slow
def test_what_is_violated_fails_and_is_kept(example: Example, defective: dict[str, str], tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, defective)
    code, printed = checkout.run(example)
    assert (code, "FAILED" in printed.splitlines()[-1]) == (1, True), printed
    assert {"run.jsonl", "junit.xml"} <= checkout.kept(example)


def test_a_missing_secret_is_told_and_nothing_runs(example: Example, checkout: Checkout) -> None:
    code, printed = checkout.run(example, changed={"RUNBOOK_DATABASE_DSN": ""})
    assert (code, "No verdict" in printed.splitlines()[-1]) == (2, True), printed
    assert "RUNBOOK_DATABASE_DSN is not set" in printed
    assert checkout.kept(example) == set()


def test_what_is_not_verified_does_not_pass_and_is_kept(example: Example, checkout: Checkout) -> None:
    code, printed = checkout.run(example, changed={"RUNBOOK_OUTSIDER_PASSWORD": "of last year"})
    assert (code, "INCONCLUSIVE" in printed.splitlines()[-1]) == (3, True), printed
    assert {"run.jsonl", "junit.xml"} <= checkout.kept(example)


def test_the_example_for_github_hands_over_every_secret_that_the_example_of_a_target_names() -> None:
    [env] = [step["env"] for step in parsed("github-actions.yml")["jobs"]["gate"]["steps"] if "env" in step]
    assert env == {name: f"${{{{ secrets.{name} }}}}" for name in NAMED} | {
        "SIGNING_KEY": "${{ secrets.RUNBOOK_SIGNING_KEY }}"
    }


def test_actions_are_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in parsed("github-actions.yml")["jobs"]["gate"]["steps"] if "uses" in step]
    assert len(used) == 2
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


def test_no_example_ends_before_the_gate_does() -> None:
    """Otherwise a gate that takes too long is killed, and leaves no verdict."""
    limits = [
        60 * parsed("github-actions.yml")["jobs"]["gate"]["timeout-minutes"],
        60 * int(parsed("gitlab-ci.yml")["after-a-deploy"]["timeout"].removesuffix(" minutes")),
        parsed("kubernetes-job.yaml")["spec"]["activeDeadlineSeconds"],
    ]
    assert min(limits) > Gate().limit


def test_gitlab_finds_the_checks_of_a_run() -> None:
    job = parsed("gitlab-ci.yml")["after-a-deploy"]
    assert job["artifacts"]["reports"] == {"junit": f"{gitlab().kept}*/junit.xml"}


def test_the_job_runs_once_without_rights_and_tells_its_exit_code() -> None:
    job = parsed("kubernetes-job.yaml")
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert (job["spec"]["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    [rule] = job["spec"]["podFailurePolicy"]["rules"]
    told = {"containerName": container["name"], "operator": "NotIn", "values": [0]}
    assert rule == {"action": "FailJob", "onExitCodes": told}
    assert (pod["securityContext"]["runAsNonRoot"], pod["automountServiceAccountToken"]) == (True, False)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {volume["name"] for volume in pod["volumes"] if "secret" not in volume}


def test_documented_exit_codes_of_the_gate_are_the_real_ones() -> None:
    table = (CI / "README.md").read_text(encoding="utf-8").partition("## Exit codes")[2].partition("`pytest")[0]
    rows = {int(code): word for code, word in re.findall(r"^\| `(\d)` \| (\w+)", table, re.MULTILINE)}
    assert rows == {verdict.exit_code: verdict.value for verdict in Verdict} | {2: "none"}
