"""UUIDs in the one form that the API accepts."""

from __future__ import annotations

import re
from uuid import UUID

# Python's UUID() also takes braces, a urn: prefix and misplaced hyphens; PostgreSQL takes some of these and not others.
_CANONICAL = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def canonical(value: object) -> UUID | None:
    """The UUID that a text in the form 8-4-4-4-12 (RFC 9562, section 4) names, or None for anything else."""
    return UUID(value) if isinstance(value, str) and _CANONICAL.fullmatch(value) else None
