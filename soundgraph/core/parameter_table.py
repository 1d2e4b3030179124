"""The fields of a pydantic model as rows of a table: for `soundgraph kinds` and the pages in `docs/`."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from soundgraph.core.params import Params


class ParameterRow(NamedTuple):
    """A field of a table that a user writes."""

    name: str
    """"bands[].freq_hz" for a field of a table in a list."""
    type: str
    default: str
    """"required" or "default …"."""
    description: str


def rows(params: type[Params]) -> list[ParameterRow]:
    """All fields of a kind's table, those of tables in its lists after the list."""
    schema = params.model_json_schema()
    return list(_rows(schema, schema.get("$defs", {}), ""))


def _rows(table: dict[str, Any], shared: dict[str, Any], prefix: str) -> list[ParameterRow]:
    rows = []
    required = table.get("required", ())
    for name, field in table.get("properties", {}).items():
        default = "required" if name in required else f"default {_value(field.get('default'))}"
        description = field.get("description", "")
        rows.append(ParameterRow(f"{prefix}{name}", _type(field, shared), default, description))
        for option in (field, *field.get("anyOf", ())):
            reference = option.get("items", {}).get("$ref") or option.get("$ref")
            if reference:
                mark = "[]." if "items" in option else "."
                rows += _rows(shared[reference.rpartition("/")[2]], shared, f"{prefix}{name}{mark}")
    return rows


def _value(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _type(field: dict[str, Any], shared: dict[str, Any]) -> str:
    options = [_one(option) for option in field.get("anyOf", [field]) if option.get("type") != "null"]
    return " or ".join(dict.fromkeys(options))


def _one(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " or ".join(_value(value) for value in field["enum"])
    if "const" in field:
        return _value(field["const"])
    kind = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false"}.get(
        field.get("type", ""), "table"
    )
    if field.get("type") == "array":
        item = field.get("items", {})
        kind = f"list of {'tables' if '$ref' in item else _one(item)}"
    low, above = field.get("minimum"), field.get("exclusiveMinimum")
    high, below = field.get("maximum"), field.get("exclusiveMaximum")
    bounds = [
        f"at least {_value(low)}" if low is not None else "",
        f"over {_value(above)}" if above is not None else "",
        f"at most {_value(high)}" if high is not None else "",
        f"under {_value(below)}" if below is not None else "",
    ]
    limits = ", ".join(filter(None, bounds))
    return f"{kind}, {limits}" if limits else kind
