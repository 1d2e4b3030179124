"""JSON Schemas of scene files and of soundgraph.toml, from the pydantic models that check them.

Draft 7, with `definitions`, `enum` and `oneOf` in place of `$defs`, `const` and `if`: what Taplo, and with it the Even
Better TOML extension, completes fields from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from soundgraph import backends, engines
from soundgraph.core.params import Params, file_fields, reference_fields
from soundgraph.core.registry import Registry
from soundgraph.core.text import listed
from soundgraph.engines import ENGINES
from soundgraph.nodes import KINDS, get_kind, kind_names
from soundgraph.project import node_fields
from soundgraph.project.settings_tables import BuildSettings, CacheSettings, NamedModel, PolicySettings
from soundgraph.scene.reading import elements
from soundgraph.scene.reading.checks_and_manifests import ManifestSettings
from soundgraph.scene.tables.check_settings import Check
from soundgraph.scene.tables.export_settings import ExportSettings
from soundgraph.scene.tables.scene import SceneSettings

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
_REFERENCE = "#/definitions/{model}"
_NAME: Schema = {"pattern": r"^[A-Za-z0-9_\-\u00C0-\uFFFF]{1,100}$"}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "over {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "under {}",
}


def json_schema() -> Schema:
    """The JSON Schema of a scene file. What installed packages offer is in it, too."""
    kinds = [*kind_names(), *KINDS.from_packages()]
    known_engines = [*engines.names(), *ENGINES.from_packages()]
    models = _of_kinds(kinds)
    models |= {"scene": SceneSettings, "export": ExportSettings, "element": elements.element_model(), "check": Check}
    models |= {"manifest": ManifestSettings, **{f"engine_{name}": engines.get(name).params for name in known_engines}}
    tables, definitions = _tables(models)
    for name in kinds:
        table = _with_fields_of_models(name, tables)
        definitions[f"defaults_{name}"] = _defaults(name, table)
        definitions[f"kind_{name}"] = _node(name, table)
    definitions |= {name: tables[name] for name in ("scene", "export", "element", "check")}
    for name in known_engines:
        definitions[f"engine_{name}"] = _manifest(name, tables["manifest"], tables[f"engine_{name}"])
    definitions["manifest"] = {"oneOf": [{"$ref": f"#/definitions/engine_{name}"} for name in known_engines]}
    # An export named like the scene may leave its node to the elements.
    definitions["export"]["required"] = []
    definitions["node"] = {"oneOf": [{"$ref": f"#/definitions/kind_{name}"} for name in kinds]}
    return {
        "$schema": _DRAFT,
        "title": "soundgraph scene",
        "description": "What a sound is made of: nodes, and the files that are delivered.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "scene": {"$ref": "#/definitions/scene"},
            "include": {
                "type": "array",
                "description": "Files whose nodes can be used here, relative to this one; node `bed` of `rain.toml` is "
                "called `rain.bed`.",
                "items": {"type": "string", "pattern": r"\.toml$"},
            },
            "defaults": {
                "type": "object",
                "description": "Values for all nodes of a kind that do not give their own.",
                "additionalProperties": False,
                "properties": {name: {"$ref": f"#/definitions/defaults_{name}"} for name in kinds},
            },
            "nodes": _named("node", "The steps, by name."),
            "elements": {
                "type": "array",
                "description": "Shorthand: layers, generated and mixed to the node `master`, which is delivered.",
                "minItems": 1,
                "items": {"$ref": "#/definitions/element"},
            },
            "exports": _named("export", "What a build delivers, by name."),
            "checks": {
                "type": "array",
                "description": "What is demanded of nodes and exports; a build fails where it is not met.",
                "items": {"$ref": "#/definitions/check"},
            },
            "manifests": _named("manifest", "Files that tell a game engine of what is delivered, by name."),
        },
        "definitions": definitions,
    }


def project_schema() -> Schema:
    """The JSON Schema of soundgraph.toml."""
    kinds = [*kind_names(), *KINDS.from_packages()]
    models = _of_kinds(kinds)
    models |= {"cache": CacheSettings, "build": BuildSettings, "policy": PolicySettings, "named_model": NamedModel}
    tables, definitions = _tables(models)
    definitions |= {name: tables[name] for name in ("cache", "build", "policy", "named_model")}
    definitions |= {f"defaults_{name}": _defaults(name, _with_fields_of_models(name, tables)) for name in kinds}
    budget = definitions["build"]["properties"]["memory_budget"]
    del budget["anyOf"]
    budget["type"] = ["string", "integer"]
    return {
        "$schema": _DRAFT,
        "title": "soundgraph project",
        "description": "Settings that hold for all scenes of a project.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "models": {
                "type": "object",
                "description": "Names for models: to a published id, a draft model, or the folder of a checkpoint.",
                "propertyNames": _NAME,
                "additionalProperties": {"oneOf": [{"type": "string"}, {"$ref": "#/definitions/named_model"}]},
            },
            "cache": {"$ref": "#/definitions/cache"},
            "build": {"$ref": "#/definitions/build"},
            "defaults": {
                "type": "object",
                "description": "Values for all nodes of a kind, below what a scene says.",
                "additionalProperties": False,
                "properties": {name: {"$ref": f"#/definitions/defaults_{name}"} for name in kinds},
            },
            "policy": {"$ref": "#/definitions/policy"},
        },
        "definitions": definitions,
    }


def _of_kinds(kinds: Sequence[str]) -> dict[str, type[Params]]:
    """The models of kinds, and of what models take beyond what every generate node may say."""
    models = {f"kind_{name}": get_kind(name).params for name in kinds}
    return models | {f"backend_{name}": backends.get(name).params for name in node_fields.all_backends()}


def _with_fields_of_models(kind: str, tables: Mapping[str, Schema]) -> Schema:
    """The table of a kind; of generate, with the fields of all models: an editor does not know what a model takes."""
    table = tables[f"kind_{kind}"]
    if get_kind(kind).render is not None:
        return table
    schemas_by_field: dict[str, list[Schema]] = {}
    for name in node_fields.all_backends():
        package = backends.BACKENDS.package(name)
        for field, schema in tables[f"backend_{name}"].get("properties", {}).items():
            shown = {**schema, "description": _of_package(schema.get("description", ""), package)}
            if schema not in schemas_by_field.get(field, ()):
                schemas_by_field.setdefault(field, []).append(shown if package else schema)
    own = {field: choices[0] if len(choices) == 1 else _either(choices) for field, choices in schemas_by_field.items()}
    return {**table, "properties": {**table["properties"], **own}}


def _either(choices: list[Schema]) -> Schema:
    """A field that models take in several ways."""
    meanings = dict.fromkeys(choice["description"] for choice in choices if choice.get("description"))
    return {"description": listed(list(meanings), "or"), "anyOf": choices}


def _summary(registry: Registry[Any], name: str) -> str:
    return _of_package(registry.summary(name), registry.package(name))


def _of_package(words: str, package: str) -> str:
    return f"{words} (of package {package})" if package else words


def _tables(models: dict[str, type[Params]]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """(the schema of each model by its name here, definitions of the models inside them)"""
    references, whole = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template=_REFERENCE
    )
    definitions: dict[str, Schema] = {name: _plain(table) for name, table in whole.get("$defs", {}).items()}
    tables, own = {}, set()
    for name, model in models.items():
        key = references[model, "validation"]["$ref"].rpartition("/")[2]
        own.add(key)
        tables[name] = definitions[key]
    return tables, {name: table for name, table in definitions.items() if name not in own}


def _node(kind: str, table: Schema) -> Schema:
    params = get_kind(kind).params
    fixed = {*reference_fields(params), *file_fields(params)}
    # What [defaults] may give is not required of a node: an editor knows of this file only.
    required = ["kind", *(name for name in table.get("required", ()) if name in fixed)]
    summary = _summary(KINDS, kind)
    discriminator = {"enum": [kind], "description": summary}
    properties = {"kind": discriminator, **table["properties"]}
    return {**table, "description": summary, "properties": properties, "required": required}


def _manifest(engine: str, shared: Schema, own: Schema) -> Schema:
    """A [manifests.*] table for one engine: what all of them say, and the engine's own fields."""
    description = _summary(ENGINES, engine)
    discriminator = {"enum": [engine], "description": description}
    properties = {**shared["properties"], **own["properties"], "engine": discriminator}
    required = ["engine", *own.get("required", ())]
    return {**own, "description": description, "properties": properties, "required": required}


def _defaults(kind: str, table: Schema) -> Schema:
    params = get_kind(kind).params
    fixed = {*reference_fields(params), *file_fields(params)}
    properties = {name: field for name, field in table["properties"].items() if name not in fixed}
    return {
        "type": "object",
        "description": f"Values for all nodes of kind {kind} that do not give their own.",
        "additionalProperties": False,
        "properties": properties,
    }


def _plain(schema: Any) -> Any:
    """What pydantic writes, without what TOML has no use for (null, generated titles), and with ranges in words."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            plain[key] = {name: _plain(field) for name, field in value.items()}
        elif key == "const":
            plain["enum"] = [value]
        elif not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None):
            plain[key] = _plain(value)
    choices = plain.get("anyOf")
    if choices is not None:
        choices = [choice for choice in choices if choice != {"type": "null"}]
        del plain["anyOf"]
        plain = {**choices[0], **plain} if len(choices) == 1 else {**plain, "anyOf": choices}
    return _described(plain)


def _described(field: Schema) -> Schema:
    """With its range at the end of its description, where an editor shows it."""
    bounds = [words.format(_number(field[bound])) for bound, words in _BOUNDS.items() if bound in field]
    if not bounds or "description" not in field:
        return field
    return {**field, "description": f"{field['description']} ({', '.join(bounds)})"}


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


def _named(name: str, description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "propertyNames": _NAME,
        "additionalProperties": {"$ref": f"#/definitions/{name}"},
    }
