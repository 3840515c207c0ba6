"""What: behind the API's address one of three instances was forgotten: it still runs the older commit.
Red: test_instance_runs_what_is_stable[api commit]
Red: test_all_instances_say_the_same
"""

from __future__ import annotations

import dataclasses
import itertools
import os

from starlette.applications import Starlette
from starlette.requests import Request

from stack.api import app, settings
from stack.api.settings import Settings
from stack.defects.older_commit_deployed import before


def api() -> Starlette:
    """The API, with the defect."""
    known = settings.read(os.environ)
    instances = itertools.cycle([known, known, dataclasses.replace(known, commit=before())])

    def of(request: Request) -> Settings:
        return next(instances) if request.url.path == "/version" else known

    settings.of = of
    return app.create()
