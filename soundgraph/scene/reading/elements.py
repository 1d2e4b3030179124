"""The [[elements]] shorthand: layers that are each generated and then mixed, written as nodes and exports."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import cache
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from soundgraph.backends import Temperature
from soundgraph.core import path_names, validation_words
from soundgraph.core.errors import quote
from soundgraph.core.params import Params
from soundgraph.core.toml_document import MistakeSink
from soundgraph.core.toml_lines import Keys
from soundgraph.nodes import get_kind
from soundgraph.project import model_names
from soundgraph.scene.reading.raw_tables import ExpandedElements, WrittenTable

MIX = "master"
"""The name of the mix that the elements make."""

_GENERATE_FIELDS = ("prompt", "temperature", "duration", "seed")


@cache
def element_model() -> type[Params]:
    """The pydantic model of an element. Its ranges are those of the kinds it stands for: they cannot drift apart."""
    generate = get_kind("generate").params.model_fields
    (layer,) = get_args(get_kind("mix").params.model_fields["inputs"].annotation)
    fields: dict[str, Any] = {
        "type": (Literal["music", "audio"], Field(description="what it is: music, or a sound effect")),
        "prompt": (str, _required(generate["prompt"])),
        "model_size": (
            Literal["small", "medium", "large"] | None,
            Field(None, description="of the published models for that type; the project's model for it if not given"),
        ),
        "name": (str | None, Field(None, description="its node's name; the type and its position if not given")),
        "weight": (float, layer.model_fields["weight"]),
        "temperature": (Temperature, 1.0),
        "duration": (float, generate["duration"]),
        "seed": (int, generate["seed"]),
        "save": (bool, Field(False, description="whether it is also delivered by itself")),
    }
    return create_model("Element", __base__=Params, __doc__="A layer of a mix, generated from a prompt.", **fields)


def _required(field: FieldInfo) -> FieldInfo:
    """The same field without its default."""
    required = copy(field)
    required.default = PydanticUndefined
    return required


def most_inputs() -> int:
    """Inputs of a mix."""
    limits = get_kind("mix").params.model_fields["inputs"].metadata
    return int(next(limit.max_length for limit in limits if hasattr(limit, "max_length")))


def expand(elements: Any, scene_id: str, sink: MistakeSink) -> ExpandedElements:
    """The nodes and exports that a list of elements stands for. sink: of the file.

    Each element is a generate node, called by its name, else "music_1", "audio_2" by type and position; the mix of
    them, in that order, is the node "master". It is delivered under the scene's id; saved elements in a folder of it.
    """
    expanded = ExpandedElements()
    all_elements = sink.table(("elements",), "elements")
    if not isinstance(elements, list):
        all_elements.wrong((), f"must be a list, not {validation_words.kind_of(elements)}")
        return expanded
    if not elements:
        all_elements.wrong((), "must not be empty")
        return expanded
    if len(elements) > most_inputs():
        all_elements.wrong((), f"are {len(elements):,}; their mix takes {most_inputs()}")
        return expanded
    before = sink.count
    title = scene_id.rpartition("/")[2]
    layers = []
    names: set[str] = set()
    for index, element in enumerate(elements):
        keys, where = ("elements", index), f"elements[{index}]"
        own = sink.table(keys, where)
        wrong, name = _check(element, index, names)
        for inner, what in wrong:
            own.wrong(inner, what)
        names.add(name)
        generate = {} if wrong else _generate(element)
        expanded.nodes.append(WrittenTable(name, generate, keys, where, broken=bool(wrong)))
        if wrong:
            continue
        layers.append({"node": name, **_some(element, "weight")})
        if element.get("save"):
            if name == title:
                what = f"{quote(name)} cannot be saved: the mix is delivered as that; give the element another name"
                own.wrong(("save",), what)
            table = {"node": name, "path": f"{scene_id}/{name}"}
            expanded.exports.append(WrittenTable(name, table, keys, where))
    mix = {"kind": "mix", "inputs": layers}
    expanded.nodes.append(WrittenTable(MIX, mix, ("elements",), "elements", broken=sink.count > before))
    export = {"node": MIX, "path": scene_id}
    expanded.exports.insert(0, WrittenTable(title, export, ("elements",), "elements"))
    return expanded


def _check(element: Any, index: int, names: set[str]) -> tuple[list[tuple[Keys, str]], str]:
    """(what is wrong with it, its name)"""
    if not isinstance(element, Mapping):
        return [((), f"must be a table, not {validation_words.kind_of(element)}")], f"element_{index + 1}"
    model = element_model()
    try:
        valid = model.model_validate(dict(element))
    except ValidationError as error:
        name = element.get("name")
        return validation_words.explain(error, model, element), name if isinstance(
            name, str
        ) else f"element_{index + 1}"
    family, size, given = (getattr(valid, field) for field in ("type", "model_size", "name"))
    name = given if given is not None else f"{family}_{index + 1}"
    wrong: list[tuple[Keys, str]] = []
    if not path_names.is_name(name):
        wrong.append((("name",), f"{quote(name)} {path_names.NAME_RULE}"))
    if name in names or name == MIX:
        owner = "the mix of all elements" if name == MIX else "another element"
        wrong.append((("name",), f"the name {quote(name)} belongs to {owner}"))
    if size is not None and size not in model_names.SIZES[family]:
        wrong.append((("model_size",), model_names.no_such_size(family, size)))
    return wrong, name


def _generate(element: Mapping[str, Any]) -> dict[str, Any]:
    size = element.get("model_size")
    model = model_names.SIZES[element["type"]][size] if size else element["type"]
    return {"kind": "generate", "model": model, **_some(element, *_GENERATE_FIELDS)}


def _some(table: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    return {field: table[field] for field in fields if field in table}
