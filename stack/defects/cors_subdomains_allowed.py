"""What: every subdomain of the Admin's host is allowed, and one of them is a page that others can write.
Red: test_preflight_refuses_a_foreign_origin[subdomain]
Red: test_answer_is_not_readable_from_a_foreign_origin[subdomain]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origin_regex": origin.replace("://", r"://(.*\.)?")}
    return app.create()
