"""Sidecars as they lie beside delivered files: what they say, and which file that is true of."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

VERSION = 3
SUFFIX = ".json"

_MAX_BYTES = 64_000_000
_MOST_CHARACTERS = 4096
"""Of the id of a scene: more than a path may have."""
_ABOUT = (
    "soundgraph_sidecar",
    "file",
    "scene",
    "export",
    "take",
    "node",
    "format",
    "settings",
    "sha256",
    "digest",
    "commit",
)
_ANCESTRY = ("draft", "licences", "models", "nodes")


def read(path: Path) -> dict[str, Any]:
    """What stands in a sidecar; empty for what is none."""
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > _MAX_BYTES:
            return {}
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def is_one(facts: Mapping[str, Any], audio: Path) -> bool:
    """Whether this is a sidecar that was written for a file of that name, whatever is in the file."""
    texts = all(_is_text(facts.get(name)) for name in ("scene", "export", "sha256"))
    return isinstance(facts.get("soundgraph_sidecar"), int) and texts and facts.get("file") == audio.name


def _is_text(value: object) -> bool:
    """Whether it may be a name or a digest: in JSON of somebody else, half of a surrogate pair is text, too."""
    return isinstance(value, str) and len(value) <= _MOST_CHARACTERS and value.isprintable()


def beside(audio: Path) -> Path:
    return audio.with_name(audio.name + SUFFIX)


def measured(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of what stands in a sidecar, the figures and marks of the file."""
    return {name: value for name, value in facts.items() if name not in _ABOUT and name not in _ANCESTRY}


def below(folder: Path) -> list[Path]:
    """The files in a folder, and in folders in it, that have something beside them which may be a sidecar."""
    paths = []
    for here, _, names in os.walk(folder):
        there = set(names)
        paths += [Path(here, name) for name in names if name + SUFFIX in there]
    return sorted(paths)
