"""How a line of a table is read: words with commas between, and things after a semicolon."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """The words of a line."""
    return [word for word in text.split(", ") if word]


def acts(text: str) -> list[str]:
    """The words that name a sound or an act."""
    return [] if text.startswith(";") else listed(text.partition("; ")[0])


def things(text: str) -> list[str]:
    """The words that name a thing."""
    return listed(text.partition("; ")[2])
