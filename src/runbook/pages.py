"""Templates of the pages that people read: whatever goes into one is escaped, and what is missing is an error."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def template(folder: str, name: str, *, escaped: bool = True) -> Template:
    """The template of this name in a folder of this package; what all pages share stands in `evidence/page`. `escaped`:
    what goes into it is made harmless for HTML."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    settings = Environment(
        loader=ChoiceLoader([PackageLoader("runbook", folder), PackageLoader("runbook", "evidence")]),
        autoescape=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return settings.get_template(name)
