"""Write a plain JSON manifest: every file with all that is known of it, for tools of your own."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from soundgraph.engines import Engine, Handout
from soundgraph.engines._fields import EngineParams
from soundgraph.engines._layout import groups, seen_from

VERSION = 1
"""Raised when a reader of the manifest would have to change. New facts do not raise it."""

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "soundgraph manifest",
    "type": "object",
    "required": ["soundgraph_manifest", "sounds"],
    "additionalProperties": False,
    "properties": {
        "soundgraph_manifest": {"const": VERSION, "description": "the version of this form"},
        "sounds": {"type": "array", "items": {"$ref": "#/$defs/sound"}, "description": "one for each export"},
    },
    "$defs": {
        "sound": {
            "type": "object",
            "required": ["name", "id", "files"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string", "description": "of the export"},
                "id": {"type": "string", "description": "stable name of scene and export"},
                "files": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/file"}},
            },
        },
        "file": {
            "type": "object",
            "required": ["file", "format", "take", "facts"],
            "additionalProperties": False,
            "properties": {
                "file": {"type": "string", "description": "path from the folder of this manifest, with / in it"},
                "format": {"type": "string"},
                "take": {"type": ["integer", "null"], "minimum": 1, "description": "null without takes"},
                "facts": {"$ref": "#/$defs/facts"},
            },
        },
        "facts": {
            "type": "object",
            "description": "as in the sidecar of the file; there may be more than is named here",
            "required": ["duration_s", "sample_rate", "channels"],
            "properties": {
                "duration_s": {"type": "number", "minimum": 0},
                "sample_rate": {"type": "integer", "minimum": 1},
                "channels": {"type": "integer", "minimum": 1},
                "loudness_lufs": {"type": ["number", "null"]},
                "true_peak_dbtp": {"type": ["number", "null"]},
                "loop": {
                    "type": ["object", "null"],
                    "required": ["start", "end"],
                    "description": "first and last sample that repeat; the last one is part of the loop",
                    "properties": {
                        "start": {"type": "integer", "minimum": 0},
                        "end": {"type": "integer", "minimum": 0},
                    },
                },
            },
        },
    },
}


class Json(EngineParams):
    # "schema" would hide a method of pydantic's models.
    with_schema: bool = Field(False, description="also write the JSON Schema of the manifest, as PATH.schema.json")


def files(handout: Handout) -> dict[str, bytes]:
    params: Json = handout.params
    path, sounds = handout.path, handout.sounds
    manifest = {
        "soundgraph_manifest": VERSION,
        "sounds": [
            {
                "name": group.name,
                "id": group.id,
                "files": [
                    {
                        "file": seen_from(path, sound.file),
                        "format": sound.format,
                        "take": sound.take,
                        "facts": dict(sound.facts),
                    }
                    for sound in group.sounds
                ],
            }
            for group in groups(sounds)
        ],
    }
    written = {f"{path}.json": _encoded(manifest)}
    if params.with_schema:
        written[f"{path}.schema.json"] = _encoded(SCHEMA)
    return written


def names(handout: Handout) -> list[str]:
    params: Json = handout.params
    path = handout.path
    return [f"{path}.json", *([f"{path}.schema.json"] if params.with_schema else [])]


def _encoded(data: object) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


ENGINE = Engine(
    params=Json,
    formats=(),
    files=files,
    names=names,
    every_format=True,
)
