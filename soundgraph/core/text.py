"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

# Control characters, which a terminal may obey and XML forbids; marks that turn the direction of what follows; and
# what is no character at all. Prompts come from files that others wrote.
_UNFIT = re.compile("[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]+")


def one_line(text: str) -> str:
    """`text` with every run of white space, control and direction characters as one space."""
    return _UNFIT.sub(" ", text).strip()


def json_line(facts: Mapping[str, Any]) -> str:
    """An object in JSON on one line, as letters where they can be printed; a terminal may obey the rest.

    A character that cannot be printed stands in a string, where \\u and its number mean the same.
    """
    line = json.dumps(facts, ensure_ascii=False)
    if line.isprintable():
        return line
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in line)


def listed(words: Sequence[str], conjunction: str = "and") -> str:
    """ "wav", "wav and flac", "ogg, opus and mp3"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
