"""Texts of which nobody knows what stands in them, as any reader can show them."""

from __future__ import annotations


def line(text: object) -> str:
    """A text as one line that any reader can show: what is not printable is written as an escape."""
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in shown)


def lines(text: str) -> str:
    """The same, and what were several lines still are."""
    return "\n".join(line(one) for one in text.splitlines())
