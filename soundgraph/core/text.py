"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

import re

# Control characters, which a terminal may obey and XML forbids; marks that turn the direction of what follows; and
# what is no character at all. Prompts come from files that others wrote.
_UNFIT = re.compile("[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]+")


def one_line(text: str) -> str:
    """`text` with every run of white space, control and direction characters as one space."""
    return _UNFIT.sub(" ", text).strip()
