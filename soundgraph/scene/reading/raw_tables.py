"""A node or export as it is written, before anything of it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from soundgraph.core.errors import Hints, quote
from soundgraph.core.toml_document import MistakeSink, Sheet
from soundgraph.core.toml_lines import Keys
from soundgraph.scene.tables.scene import SceneSettings

MAX_NODES = 20_000
"""Of a scene with all it includes and all their takes; and its exports, too."""


@dataclass
class ScenePart:
    """One file's share of a scene: its own [scene] and defaults hold for its nodes, wherever it is included."""

    sheet: Sheet
    prefix: str
    """What its nodes' names begin with in the scene: "" for the scene's own file, "rain." for an include."""
    settings: SceneSettings
    defaults: dict[str, dict[str, Any]]
    """By kind: the project's below the file's own."""
    faulty: bool
    """Whether a mistake was found in the defaults."""
    sink: MistakeSink
    """Of the file."""


@dataclass
class WrittenTable:
    """A table that says what a node or an export is."""

    name: str
    """Within its file."""
    table: Any
    """Whatever stands there."""
    keys: Keys
    """Its place in the file."""
    where: str
    """Its place as messages have it."""
    broken: bool = False
    """A mistake in it has been reported already; it is kept because other tables may refer to its name."""

    def sink_in(self, file: MistakeSink) -> MistakeSink:
        """file: of the file that it stands in."""
        return file.table(self.keys, self.where)


@dataclass
class ExpandedElements:
    """What a list of elements stands for."""

    nodes: list[WrittenTable] = field(default_factory=list)
    exports: list[WrittenTable] = field(default_factory=list)


class WrittenScene:
    """The tables of a scene and of all it includes: what a name in it can mean."""

    def __init__(self, hints: Hints):
        self.nodes: dict[str, tuple[ScenePart, WrittenTable]] = {}
        """By their names in the scene: "rain.bed" for a node `bed` of an included file `rain.toml`."""
        self.exports: dict[str, WrittenTable] = {}
        self.lost: list[str] = []
        """Prefixes of includes that could not be read: what they hold is not known."""
        self._hints = hints
        self._answers: dict[tuple[str, str], str] = {}

    def may_have(self, name: str) -> bool:
        """Whether there is a node of that name, as far as the files could be read."""
        return name in self.nodes or name.startswith(tuple(self.lost))

    def not_a_node(self, prefix: str, name: str) -> str:
        """What to say of a name that means no node, in the file whose nodes have the prefix."""
        if (prefix, name) not in self._answers:
            names = (other.removeprefix(prefix) for other in self.nodes if other.startswith(prefix))
            self._answers[prefix, name] = self._hints(name, names)
        return f"{quote(name)} is not a node{self._answers[prefix, name]}"


def tables(group_table: Any, group: str) -> list[WrittenTable]:
    """The tables under [nodes] or [exports]; `group_table` is what stands there, a Mapping."""
    assert isinstance(group_table, Mapping)
    return [
        WrittenTable(str(name), table, (group, name), f"{group}.{name}" if name else f'{group}.""')
        for name, table in group_table.items()
    ]
