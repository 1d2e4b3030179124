"""What pydantic found wrong with a table, in the words that a user reads."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from soundgraph.core.errors import MOST_MISTAKES, did_you_mean, one_of, quote
from soundgraph.core.toml_lines import Keys

_WANTED = {
    "string_type": "a string",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


_MOST_BITS = 1023
"""Of a number that is shown: what any float holds. Python refuses to write one of thousands of digits."""


def explain(error: ValidationError, model: type[BaseModel], table: Any) -> list[tuple[Keys, str]]:
    """(where in `table`, what is wrong) for each thing that `model` refused in it, in order, one for each place.

    What is said names the field itself, as in `bands[1].freq_hz must be at least 1, not -3`.
    """
    reasons: dict[Keys, str] = {}
    # One more than are told: whoever adds them up learns that there are too many.
    parts = error.errors(include_url=False)[: MOST_MISTAKES + 1]
    for part in _without_other_branches(parts, table):
        keys = _keys(part["loc"], table)
        reasons.setdefault(keys, _say(part, keys, model, table))
    return list(reasons.items())


def path(keys: Iterable[str | int]) -> str:
    """("bands", 1, "freq_hz") as "bands[1].freq_hz"."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def kind_of(value: object) -> str:
    """What a TOML value is: "a number"."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, (datetime.date, datetime.time)):
        return "a date or time"
    return "nothing" if value is None else f"a Python {type(value).__name__}"


def unknown_field(name: str, candidates: Iterable[str]) -> str:
    return f"unknown field {quote(name)}{did_you_mean(name, candidates)}"


def _say(part: Mapping[str, Any], keys: Keys, model: type[BaseModel], table: Any) -> str:
    kind, name, value, context = part["type"], path(keys), part["input"], part.get("ctx", {})
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        what = unknown_field(str(keys[-1]), sorted(_fields(model, keys[:-1])))
        return f"{path(keys[:-1])}: {what}" if keys[:-1] else what
    if kind == "value_error":
        # A check of a whole table speaks for itself; a check of one field goes on from the field's name.
        of_a_table = isinstance(_at(table, keys), Mapping)
        reason = str(context["error"])
        return ": ".join(filter(None, (name, reason))) if of_a_table else f"{name} {reason}"
    return f"{name} {_must(kind, value, context)}"


def _must(kind: str, value: Any, context: Mapping[str, Any]) -> str:
    if kind == "int_from_float" or (kind == "int_type" and isinstance(value, float)):
        return f"must be a whole number, not {value!r}"
    if kind in ("float_type", "int_type") and isinstance(value, int) and not isinstance(value, bool):
        return "is far too large a number"
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}, not {kind_of(value)}"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "is far too large a number"
    if kind == "finite_number":
        return f"must be a finite number, not {value!r}"
    for test, words in (
        *(("greater_than_equal", "at least"), ("greater_than", "over")),
        *(("less_than_equal", "at most"), ("less_than", "under")),
    ):
        if kind == test:
            return f"must be {words} {_number(next(iter(context.values())))}, not {_number(value)}"
    if kind == "literal_error":
        expected = context["expected"].replace(" or ", ", ").split(", ")
        spelled = f"not {quote(value)}" if isinstance(value, str) else f"not {_shown(value)}"
        if all(choice.startswith("'") for choice in expected):
            return f"must be {one_of([choice.strip(chr(39)) for choice in expected])}, {spelled}"
        return f"must be {', '.join(expected[:-1])} or {expected[-1]}, {spelled}"
    if kind in ("string_too_short", "too_short") and not value:
        return "must not be empty"
    if kind == "too_short":
        return f"must hold at least {context['min_length']} items, not {len(value)}"
    if kind == "too_long":
        return f"must hold at most {context['max_length']} items, not {context['actual_length']}"
    if kind == "string_too_long":
        return f"must have at most {context['max_length']} characters, not {len(value)}"
    return "is not what belongs here"


def _shown(value: Any) -> str:
    return _number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else kind_of(value)


def _number(value: Any) -> str:
    # Not repr: a bound of 2.0 was written as 2.
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def _at(table: Any, keys: Keys) -> Any:
    for key in keys:
        if isinstance(table, Mapping):
            table = table.get(key)
        else:
            table = table[key] if isinstance(table, list) and isinstance(key, int) else None
    return table


def _keys(location: tuple[str | int, ...], table: Any) -> Keys:
    """pydantic's location without the names of the branches of a union, which nobody wrote."""
    keys: list[str | int] = []
    for index, part in enumerate(location):
        if isinstance(table, Mapping) and (part in table or index == len(location) - 1):
            table = table.get(part)
        elif isinstance(table, list) and isinstance(part, int) and part < len(table):
            table = table[part]
        else:
            continue
        keys.append(part)
    return tuple(keys)


def _without_other_branches(parts: list[Any], table: Any) -> list[Any]:
    """Of a union such as "a name or a list of names", what the branch says that the user meant: list for a list."""
    kept = []
    for part in parts:
        location = part["loc"]
        if part["type"] == "bool_type" and location[-1] == "bool" and isinstance(_at(table, location[:-1]), Mapping):
            continue  # a table was written where true or a table may stand
        keys = _keys(location, table)
        if len(keys) < len(location):
            depth = next(i for i in range(len(location)) if len(_keys(location[: i + 1], table)) <= i)
            wrote_list = isinstance(_at(table, location[:depth]), list)
            if str(location[depth]).startswith("list[") != wrote_list and (wrote_list or len(parts) > 1):
                continue
        kept.append(part)
    return kept or parts


def _submodels(annotation: Any) -> tuple[type[BaseModel], ...]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for arg in get_args(annotation) for model in _submodels(arg))


def _fields(model: type[BaseModel], keys: Keys) -> set[str]:
    """The names of all fields that a table at `keys` may have."""
    models = [model]
    for key in keys:
        if isinstance(key, str):
            models = [
                sub for m in models if key in m.model_fields for sub in _submodels(m.model_fields[key].annotation)
            ]
    return {name for m in models for name in m.model_fields}
