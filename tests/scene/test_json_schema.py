"""The JSON Schemas: they agree with what the loader accepts, and describe every field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from soundgraph.nodes import kind_names
from soundgraph.scene.json_schema import json_schema, project_schema

ROOT = Path(__file__).parents[2]
SCENE = jsonschema.Draft7Validator(json_schema())
PROJECT = jsonschema.Draft7Validator(project_schema())

RAIN = "[nodes.rain]\nkind = 'generate'\nmodel = 'audio'\nprompt = 'rain'\n"


def _scenes() -> list[Any]:
    found = [(str(path.relative_to(ROOT)), path.read_text()) for path in sorted((ROOT / "graphs").rglob("*.toml"))]
    for page in sorted((ROOT / "docs").rglob("*.md")):
        fences = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)
        found += [(f"{page.relative_to(ROOT)}-{n}", text) for n, text in enumerate(fences)]
    return [pytest.param(text, id=name) for name, text in found if not name.startswith("docs/benchmarks")]


@pytest.mark.parametrize("text", _scenes())
def test_the_schemas_accept_every_scene_and_every_example_of_the_pages(text: str) -> None:
    table = tomllib.loads(text)
    schema = PROJECT if table.keys() & {"models", "cache", "build", "policy"} else SCENE
    assert [error.message for error in schema.iter_errors(table)] == []


@pytest.mark.parametrize(
    "text",
    [
        RAIN.replace("'generate'", "'generat'"),
        RAIN.replace("kind = 'generate'\n", ""),
        RAIN + "temperature = 9",
        RAIN + "temperature = 0",
        RAIN + "temperature = 'hot'",
        RAIN + "temprature = 1",
        RAIN + "seed = 1.5",
        RAIN + "[nodes.cut]\nkind = 'trim'",
        RAIN + "[nodes.cut]\nkind = 'trim'\ninput = 3",
        RAIN + "[nodes.dark]\nkind = 'eq'\ninput = 'rain'\nbands = []",
        RAIN + "[nodes.dark]\nkind = 'eq'\ninput = 'rain'\nbands = [{ type = 'lowshelf', freq_hz = 9 }]",
        RAIN + "[nodes.mix]\nkind = 'mix'\ninputs = [{ weight = 1 }]",
        RAIN + "[exports.out]\nnode = 'rain'\nformat = 'mp4'",
        RAIN + "[exports.out]\nnode = 'rain'\nformat = ['wav', 'og']",
        RAIN + "[exports.out]\nnode = 'rain'\nbit_depth = 20",
        RAIN + "[export.out]\nnode = 'rain'",
        RAIN + "[scene]\nsample_rate = 400",
        RAIN + "[defaults.generate]\ntemperature = 9",
        RAIN + "[defaults.trim]\ninput = 'rain'",
        RAIN + "[defaults.generat]\nseed = 1",
        RAIN.replace("nodes.rain", "nodes.'a/b'"),
        "include = 'a.toml'",
        "[[elements]]\ntype = 'sound'\nprompt = 'a'",
        "[[elements]]\ntype = 'music'",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str) -> None:
    assert not SCENE.is_valid(tomllib.loads(text))


def test_a_field_that_defaults_may_give_is_not_required_of_a_node() -> None:
    assert SCENE.is_valid(
        tomllib.loads("[defaults.generate]\nmodel = 'audio'\n" + RAIN.replace("model = 'audio'\n", ""))
    )


@pytest.mark.parametrize("schema", [json_schema(), project_schema()], ids=["scene", "project"])
def test_the_schema_is_valid_and_every_field_in_it_is_described(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    undescribed = [
        f"{name}.{field}"
        for name, table in schema["definitions"].items()
        for field, inner in table.get("properties", {}).items()
        if not inner.get("description")
    ]
    assert undescribed == []


def test_ranges_stand_in_the_descriptions_too() -> None:
    temperature = json_schema()["definitions"]["kind_generate"]["properties"]["temperature"]
    assert temperature["description"].endswith("(over 0, at most 5)")


def test_the_schema_has_only_what_draft_7_and_toml_have() -> None:
    def walk(value: Any) -> Iterator[Any]:
        yield value
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(item)

    for schema in (json_schema(), project_schema()):
        for part in walk(schema):
            if isinstance(part, dict):
                assert not {"$defs", "const", "if", "prefixItems"} & part.keys()
                assert part.get("type") != "null"
                assert all(ref.startswith("#/definitions/") for ref in [part.get("$ref", "#/definitions/")])


def test_every_kind_is_a_choice_of_a_node() -> None:
    choices = json_schema()["definitions"]["node"]["oneOf"]
    assert [choice["$ref"].removeprefix("#/definitions/kind_") for choice in choices] == list(kind_names())


def test_the_project_schema_accepts_and_refuses_what_the_project_does() -> None:
    assert PROJECT.is_valid(
        tomllib.loads("[models]\na = 'draft/audio'\n[build]\nmemory_budget = '12 GB'\n[defaults.generate]\nseed = 3")
    )
    for text in ("[cach]", "[build]\nmemory_budget = 1.5", "[build]\nworkers = 0", "[models]\na = 3", "[cache]\nx = 1"):
        assert not PROJECT.is_valid(tomllib.loads(text)), text
