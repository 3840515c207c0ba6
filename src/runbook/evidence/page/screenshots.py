"""The pictures that a run kept, within the page itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from runbook.evidence.chain import digest
from runbook.evidence.page.text import View, cut

PICTURE_BYTES = 3_000_000
"""Of all pictures together; what goes beyond is named, and not shown."""
TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def screenshots(run: Path) -> Iterator[View]:
    """The pictures in a run's folder, as long as the page stays small."""
    folder = run / "screenshots"
    left = PICTURE_BYTES
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
        # A link could lead anywhere, and a page is passed on.
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        type_ = next((type_ for magic, type_ in TYPES.items() if data.startswith(magic)), None)
        shown = type_ is not None and len(data) <= left
        left -= len(data) if shown else 0
        yield {
            "name": cut(path.name),
            "word": path.stem if path.stem in ("admin-events", "admin-foreign-origin") else None,
            "digest": digest(data),
            "source": f"data:{type_};base64,{b64encode(data).decode()}" if shown else None,
        }
