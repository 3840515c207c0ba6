"""The engine that these tests run containers in: the one that DOCKER_HOST names, or the usual one.

Where none answers, or the images are not there, they are skipped, each by its name (`make test-containers` lists them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runbook.errors import TargetError
from runbook.targets.engine import Engine

if TYPE_CHECKING:
    import docker

ROOT = Path(__file__).parents[2]
IMAGES = ("postgres:18", "runbook-checks")


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of an engine that has the images."""
    import docker
    from docker.errors import ImageNotFound

    try:
        Engine("tests").close()
    except TargetError as error:
        pytest.skip(f"not run: {error}")
    client = docker.from_env()
    for image in IMAGES:
        try:
            client.images.get(image)
        except ImageNotFound:
            pytest.skip(f"not run: the engine has no image {image} (make image)")
    yield client
    client.close()


@pytest.fixture
def document(engine: docker.DockerClient) -> str:
    """The container target's settings, usable from another folder."""
    text = (ROOT / "targets" / "container.toml").read_text(encoding="utf-8")
    text = text.replace('folder = ".."', f"folder = {json.dumps(str(ROOT))}")
    return text.replace('"embedded.baseline.json"', json.dumps(str(ROOT / "targets" / "embedded.baseline.json")))
