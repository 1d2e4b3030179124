"""Words that go into a drawing: made harmless, made short, and made from a node's parameters."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from pydantic_core import PydanticUndefined

from soundgraph.core.params import Params, file_fields, reference_fields
from soundgraph.core.text import counted, one_line
from soundgraph.scene.tables.scene import CheckedScene, Node

_UNITS = {"_db": "dB", "_hz": "Hz", "_ms": "ms", "_lufs": "LUFS", "_dbtp": "dBTP", "_bpm": "BPM", "_dbfs": "dBFS"}


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def detail(node: Node, scene: CheckedScene) -> str:
    """What sets a node apart: the prompt of what is generated, else the parameters that are not at their default."""
    if node.model is not None:
        schedule = getattr(node.params, "prompts", None)
        if schedule:
            more = f" and {counted(len(schedule) - 1, 'more prompt')}" if len(schedule) > 1 else ""
            return f'"{one_line(schedule[0].text)}"{more}'
        return f'"{one_line(getattr(node.params, "prompt", ""))}"'
    inherited = node.kind.from_scene
    parts = []
    for name, default, is_file, is_list in _fields(type(node.params)):
        value = getattr(node.params, name)
        if value is None or value == default or (name in inherited and value == getattr(scene.settings, name, None)):
            continue
        if is_list:
            parts.append(counted(len(value), name.removesuffix("s")))
        elif is_file:
            parts.append(re.split(r"[/\\]", value)[-1])
        else:
            parts.append(_said(name, value))
    return one_line(", ".join(parts))


@cache
def _fields(model: type[Params]) -> tuple[tuple[str, Any, bool, bool], ...]:
    """(name, default, whether it names a file, whether it is a list) of each field but those that name one node."""
    references, files = reference_fields(model), file_fields(model)
    shown_fields = []
    for name, field in model.model_fields.items():
        is_list = "list[" in str(field.annotation).lower()
        if name not in references or is_list:
            default = None if field.default is PydanticUndefined else field.default
            shown_fields.append((name, default, name in files, is_list))
    return tuple(shown_fields)


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return name if value else f"no {name}"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix)} {shown} {unit}"
    return f"{name} {shown}"
