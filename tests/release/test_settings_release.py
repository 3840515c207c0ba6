"""What the settings may say about the release."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from runbook.settings_release import Release, Source

SOURCE = {"repository": "..", "stable": "tag:stable"}


@pytest.mark.parametrize("reference", ["tag:v1.2", "branch:release/1.0", "branch:origin/main", "file:deploy/STABLE"])
def test_a_reference_has_one_of_three_forms(reference: str) -> None:
    assert Source.model_validate({**SOURCE, "stable": reference}).stable == reference


@pytest.mark.parametrize(
    "reference",
    ["", "stable", "tag:", "commit:abc", "tag:--all", "tag:a..b", "tag:a b", "branch:a~1", "file:/etc", "file:a:b"],
)
def test_what_git_could_read_otherwise_is_none(reference: str) -> None:
    with pytest.raises(ValidationError, match="tag:NAME"):
        Source.model_validate({**SOURCE, "stable": reference})


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../x", "-x", "HEAD:x"])
def test_a_path_stays_inside_the_repository(path: str) -> None:
    with pytest.raises(ValidationError, match="inside the repository"):
        Source.model_validate({**SOURCE, "files": path})


@pytest.mark.parametrize("more", [{"image_at": "image", "source": SOURCE}, {"source": {**SOURCE, "image": "IMAGE"}}])
def test_an_image_is_reported_and_named_or_neither(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="belong together"):
        Release.model_validate(more)


def test_no_instance_takes_the_name_of_the_api() -> None:
    with pytest.raises(ValidationError, match="another name"):
        Release.model_validate({"instances": {"api": "https://other.example.com"}})
