"""R1: what is deployed is the last stable commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.clauses import clause
from runbook.errors import Unverified
from runbook.release.deployed import instances
from runbook.release.git import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from runbook.release.deployed import Reported
    from runbook.release.git import Repository
    from runbook.settings import Settings

pytestmark = clause("R1")


def test_instance_runs_what_is_stable(
    reported: Callable[[str], list[Reported]],
    repository: Repository,
    stable: str,
    instance_fact: tuple[str, str],
    request: pytest.FixtureRequest,
) -> None:
    """Every answer of an instance names the stable commit; and the stable image, where the settings say which."""
    instance, fact = instance_fact
    if fact == "image":
        image: str = request.getfixturevalue("stable_image")
        others = sorted({str(answer.image) for answer in reported(instance)} - {image})
        assert not others, f"{instance} runs {others[0]}, and {image} is stable"
    else:
        other = sorted(answer.commit for answer in reported(instance) if not same(answer.commit, stable))
        assert not other, f"{instance} runs {other[0][:12]}, which {repository.told(other[0], stable)}"


def test_tree_was_clean(reported: Callable[[str], list[Reported]], settings: Settings, instance: str) -> None:
    """Every answer of an instance says that it was built from a tree without changes of its own."""
    if settings.release.clean_at is None:
        raise Unverified("release.clean_at is not in the settings, so nothing says whether the tree was clean")
    assert all(answer.clean for answer in reported(instance)), f"{instance} was built from a tree with changes"


def test_all_instances_say_the_same(reported: Callable[[str], list[Reported]], settings: Settings) -> None:
    """All instances, each asked several times over connections of their own, say the same: nothing is half deployed."""
    said = {(answer.commit, answer.image): name for name in instances(settings) for answer in reported(name)}
    told = ", ".join(f"{commit[:12]} ({name})" for (commit, _), name in sorted(said.items(), key=str))
    assert len(said) == 1, f"they run {told}"
