"""What: a pattern for the Admin's host lets anything stand before it.
Red: test_preflight_refuses_a_foreign_origin[look-alike that ends with it]
Red: test_preflight_refuses_a_foreign_origin[subdomain]
Red: test_answer_is_not_readable_from_a_foreign_origin[look-alike that ends with it]
Red: test_answer_is_not_readable_from_a_foreign_origin[subdomain]
"""

from __future__ import annotations

from starlette.applications import Starlette

from stack.api import app


def api() -> Starlette:
    """The API, with the defect."""
    careful = app.cors
    app.cors = lambda origin: {**careful(origin), "allow_origin_regex": origin.replace("://", "://.*")}
    return app.create()
