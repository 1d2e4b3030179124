"""A node or export as it is written, before anything of it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from soundgraph.core.toml_document import Sheet
from soundgraph.core.validation_words import Keys
from soundgraph.scene.tables.scene import SceneSettings


@dataclass
class Part:
    """One file's share of a scene: its own [scene] and defaults hold for its nodes, wherever it is included.

    prefix: what its nodes' names begin with in the scene: "" for the scene's own file, "rain." for an include.
    defaults: by kind, the project's below the file's own. faulty: whether a mistake was found in them.
    """

    sheet: Sheet
    prefix: str
    settings: SceneSettings
    defaults: dict[str, dict[str, Any]]
    faulty: bool = False


@dataclass
class Written:
    """A table that says what a node or an export is.

    name: within its file. table: whatever stands there. keys, where: its place in the file, and in a message.
    broken: a mistake in it has been reported already; it is kept because other tables may refer to its name.
    """

    name: str
    table: Any
    keys: Keys
    where: str
    broken: bool = False


@dataclass
class Expanded:
    """What a shorthand stands for. mistakes: (keys, where, what)."""

    nodes: list[Written] = field(default_factory=list)
    exports: list[Written] = field(default_factory=list)
    mistakes: list[tuple[Keys, str, str]] = field(default_factory=list)


def tables(written: Any, group: str) -> list[Written]:
    """The tables under [nodes] or [exports]; `written` is what stands there, a Mapping."""
    assert isinstance(written, Mapping)
    return [
        Written(str(name), table, (group, name), f"{group}.{name}" if name else f'{group}.""')
        for name, table in written.items()
    ]
