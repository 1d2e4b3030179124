"""What holds of every text that a [manifests.<name>] table may say, whatever the engine."""

from __future__ import annotations

import unicodedata
from typing import Any

from pydantic import field_validator

from soundgraph.core.params import Params

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode: control characters, what turns or hides text, and what ends a line."""
_FORMULA = ("=", "+", "-", "@")


class EngineParams(Params):
    """The fields of an engine. Each text of them stays in its line, its cell and its string, and is seen as it is."""

    @field_validator("*")
    @classmethod
    def _stays_where_it_is_put(cls, value: Any) -> Any:
        if isinstance(value, str) and (wrong := wrong_with_text(value)):
            raise ValueError(wrong)
        return value


def wrong_with_text(text: str) -> str:
    """Why a text cannot be put into a manifest; "" if it can."""
    if any(unicodedata.category(character) in _HIDDEN for character in text):
        return "must not hold line breaks, tabs, or other characters that cannot be seen"
    if '"' in text:
        return "must not hold quotation marks"
    if text.lstrip().startswith(_FORMULA):
        return 'must not begin with "=", "+", "-" or "@", which a spreadsheet takes for a formula'
    return ""


def cell(text: str) -> str:
    """A text for a cell of a table: one that a spreadsheet would take for a formula begins with "'", which it hides."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
