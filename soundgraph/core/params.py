"""Tables that a user writes: the base of their models, and fields that name nodes and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler

from soundgraph.core import docstrings


class Params(BaseModel):
    """The base of every table a user writes.

    Unknown fields, NaN and infinity are refused; `1` is fine for a float, "1" is not.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        defer_build=True,  # most processes use a few of the models
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """With the docstring as its description, also where Python was told to keep none."""
        described = handler.resolve_ref_schema(handler(schema))
        if cls.__doc__ is None and (description := docstrings.of_class(cls.__module__, cls.__name__)):
            described["description"] = description
        return described


@dataclass(frozen=True)
class _Marker:
    name: str


_NODE = _Marker("node")
_FILE = _Marker("file")

NodeRef = Annotated[str, _NODE]
"""A field that names another node. Its role (such as "inputs[0].node") and the artifact's digest go into the key, the
name does not."""

FileRef = Annotated[str, _FILE]
"""A top-level field that names a file. The file's digest goes into the key, its path does not. The path is absolute by
the time `render` sees it."""


def references(params: Params) -> list[tuple[str, str]]:
    """(role, node name) of every NodeRef in `params`, in the order they are written in the model and its lists."""
    names: list[tuple[str, str]] = []
    for field, is_ref, item in _shape(type(params)):
        value = getattr(params, field)
        if value is None:
            continue
        if is_ref:
            names.append((field, value))
        elif item is not None:
            for index, element in enumerate(value):
                names.extend((f"{field}[{index}].{role}", name) for role, name in references(element))
    return names


@cache
def file_fields(params: type[Params]) -> tuple[str, ...]:
    """The names of the FileRef fields of a model."""
    return tuple(
        name for name, field in params.model_fields.items() if _marked(field.metadata, field.annotation, _FILE)
    )


@cache
def _shape(model: type[Params]) -> tuple[tuple[str, bool, type[Params] | None], ...]:
    """(field, whether it is a NodeRef, the model of its items if it is a list of models that may hold NodeRefs)."""
    shape: list[tuple[str, bool, type[Params] | None]] = []
    for name, field in model.model_fields.items():
        if _marked(field.metadata, field.annotation, _NODE):
            shape.append((name, True, None))
            continue
        for arg in (field.annotation, *get_args(field.annotation)):
            item = next((a for a in get_args(arg) if isinstance(a, type) and issubclass(a, Params)), None)
            if item is not None and _shape(item):
                shape.append((name, False, item))
                break
    return tuple(shape)


def _marked(metadata: list[Any], annotation: Any, marker: _Marker) -> bool:
    if marker in metadata:
        return True
    return any(marker in getattr(arg, "__metadata__", ()) for arg in get_args(annotation))


def key_params(params: Params) -> dict[str, Any]:
    """The parameters as they enter a key: those that differ from the kind's built-in defaults, without references."""
    dump = params.model_dump(exclude_defaults=True)
    _drop_references(params, dump)
    return dump


def _drop_references(params: Params, dump: dict[str, Any]) -> None:
    for field in file_fields(type(params)):
        dump.pop(field, None)
    for field, is_ref, _ in _shape(type(params)):
        if is_ref:
            dump.pop(field, None)
        else:
            for element, part in zip(getattr(params, field) or (), dump.get(field, ()), strict=True):
                _drop_references(element, part)


def reference_fields(params: type[Params]) -> tuple[str, ...]:
    """The top-level fields of a model that name nodes, or hold models that do."""
    return tuple(name for name, _, _ in _shape(params))


def written_references(params: type[Params], table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What `references` would say of a table that need not be valid: the names in it that can be recognised."""
    names: list[tuple[str, str]] = []
    for field, is_ref, item in _shape(params):
        value = table.get(field)
        if is_ref and isinstance(value, str):
            names.append((field, value))
        elif item is not None and isinstance(value, list):
            for index, element in enumerate(value):
                if isinstance(element, Mapping):
                    names.extend((f"{field}[{index}].{role}", name) for role, name in written_references(item, element))
    return names


def rename_references(params: Params, rename: Callable[[str], str]) -> Params:
    """The same parameters with every node name in them put through `rename`."""
    update: dict[str, Any] = {}
    for field, is_ref, _ in _shape(type(params)):
        value = getattr(params, field)
        if value is None:
            continue
        update[field] = rename(value) if is_ref else [rename_references(element, rename) for element in value]
    return params.model_copy(update=update)
