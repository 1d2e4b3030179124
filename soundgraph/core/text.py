"""Text that is shown to people: made fit for a terminal, made short, and put together from lists and numbers.

Standard library only, and little of it: a build with nothing to do imports this.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

# Control characters, which a terminal may obey and XML forbids; marks that turn the direction of what follows; and
# what is no character at all. Prompts come from files that others wrote.
_UNFIT = "[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]+"

_SHOWN = 500
"""Characters of a name or a value that are shown, about."""


def visible(text: str) -> str:
    """`text` with what cannot be printed as Python writes it, line breaks too.

    What stands in a file, or is the name of one, must not reach the terminal otherwise.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def visible_lines(text: str) -> str:
    """`text` of several lines, each of them `visible`."""
    return "\n".join(map(visible, text.split("\n")))


def one_line(text: str) -> str:
    """`text` with every run of white space, control and direction characters as one space."""
    import re

    return re.sub(_UNFIT, " ", text).strip()


def json_line(facts: Mapping[str, Any]) -> str:
    r"""An object in JSON on one line, as letters where they can be printed; a terminal may obey the rest.

    A character that cannot be printed stands in a string, where \u and its number mean the same.
    """
    import json

    line = json.dumps(facts, ensure_ascii=False)
    if line.isprintable():
        return line
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in line)


def short(text: str) -> str:
    """`text` without its middle, if it is far too long for a line: a name may have megabytes."""
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}…{text[-_SHOWN:]}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, with "…" in place of what is gone."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """ "1 file", "1,200 files"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def first_of(names: Sequence[str], most: int = 1) -> str:
    """ "rain", "rain and 2 more", with `most` of 2 "rain, wind and 1 more"."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """ "wav", "wav and flac", "ogg, opus and mp3"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
