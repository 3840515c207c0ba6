"""What: the API's log writes 200 for whatever was refused: nobody who reads it would look further.
Red: test_log_tells_what_the_api_answered[refused]
"""

from __future__ import annotations

import logging

from starlette.applications import Starlette

from stack.api import app, log


def all_well(record: logging.LogRecord) -> bool:
    """Let every line through, as if it told of a success."""
    fields = getattr(record, "fields", {})
    if fields.get("status", 0) >= 400:
        fields["status"] = 200
    return True


def api() -> Starlette:
    """The API, with the defect."""
    log.logger.addFilter(all_well)
    return app.create()
