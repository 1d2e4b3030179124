"""One scene: from tables to checked nodes and exports, with the mistakes of all its tables found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundgraph.audio.formats import FORMATS
from soundgraph.backends import BACKENDS
from soundgraph.core.errors import Hints, Mistakes, SceneError
from soundgraph.core.registry import Registry
from soundgraph.core.toml_document import MistakeSink, Sheet
from soundgraph.engines import ENGINES
from soundgraph.nodes import KINDS
from soundgraph.scene.reading import checks_and_manifests, export_tables, variations
from soundgraph.scene.reading.collisions import clashing
from soundgraph.scene.reading.includes import Gathering
from soundgraph.scene.reading.node_tables import NodeReader
from soundgraph.scene.reading.overrides import GivenValues, Overrides
from soundgraph.scene.reading.raw_tables import MAX_NODES, ScenePart, WrittenScene
from soundgraph.scene.reading.scene_files import SceneFiles
from soundgraph.scene.reading.sources import SceneSources
from soundgraph.scene.tables.scene import CheckedScene, EngineManifest, Export, Node, SceneCheck


@dataclass
class Reading:
    """What came of reading a scene."""

    scene: CheckedScene | None
    """None if it has mistakes."""
    mistakes: Mistakes
    read: tuple[Path, ...]
    """The files that were read, or looked for and absent."""
    exports: tuple[Export, ...]
    """Those that can be read, whatever else is wrong."""
    manifests: tuple[EngineManifest, ...]


def read_scene(sheet: Sheet, scene_id: str, sources: SceneSources, overrides: Overrides) -> Reading:
    """The scene that a sheet describes, with all that is wrong with it: nothing stops at the first mistake."""
    reader = _SceneReader(sheet, scene_id, sources, overrides)
    scene = None
    try:
        scene = reader.scene()
    except SceneError as error:  # more than a scene may have, or more mistakes than are told
        reader.mistakes = Mistakes(error.mistakes)
    return Reading(scene, reader.mistakes, tuple(reader.files.read), reader.exports, reader.manifests)


class _SceneReader:
    """Holds together what the parts of the reading find out of one another."""

    def __init__(self, sheet: Sheet, scene_id: str, sources: SceneSources, overrides: Overrides):
        hints = Hints()
        given: GivenValues = {}
        self.mistakes = Mistakes()
        self.files = SceneFiles(sources.project, sources.texts, hints)
        self.exports: tuple[Export, ...] = ()
        self.manifests: tuple[EngineManifest, ...] = ()
        self._sheet = sheet
        self._id = scene_id
        self._hints = hints
        self._sink = MistakeSink(sheet, self.mistakes, given)
        self._written = WrittenScene(hints)
        self._gathering = Gathering(sources, self.files, overrides, self.mistakes, given, self._written)
        self._node_reader = NodeReader(sources, self.files, self._written)
        self._overrides = overrides
        self._given = given

    def scene(self) -> CheckedScene | None:
        """None if there are mistakes. Raises SceneError where it stops at one."""
        written = self._written
        own = self._gathering.gather(self._sheet, self._id)
        self._overrides.in_nodes_and_exports(written, self._sink, self._given)
        self._gathering.refuse_too_many_nodes()
        if len(written.exports) > MAX_NODES:
            what = f"holds {len(written.exports):,} exports; a scene may have {MAX_NODES:,}"
            raise self._sink.too_much(what)
        nodes = self._nodes()
        exports = self._exports()
        has_takes = self._node_reader.has_takes or any(map(export_tables.names_a_take, written.exports.values()))
        are_counted = not has_takes
        if has_takes and len(nodes) == len(written.nodes):
            nodes, exports, are_counted = self._take_by_take(nodes, exports)
        if not written.nodes and not self.mistakes:
            self._sink.wrong_file("holds no nodes", "write a [nodes.<name>] table, as docs/scene-format.md shows")
        checks, manifests = self._demands(nodes if are_counted else {}, exports if are_counted else {})
        self.exports, self.manifests = tuple(exports.values()), manifests
        self.files.read.update(dict.fromkeys(_code_of_packages(nodes, exports, manifests)))
        self.mistakes += clashing(exports.values(), manifests, lambda origin: self._sheet.line(origin.keys))
        return None if self.mistakes else self._scene(own, nodes, exports, checks)

    def _scene(
        self, own: ScenePart, nodes: dict[str, Node], exports: dict[str, Export], checks: tuple[SceneCheck, ...]
    ) -> CheckedScene:
        return CheckedScene(
            self._id,
            self._sheet.path,
            own.settings,
            nodes,
            exports,
            tuple(self.files.read),
            checks,
            self.manifests,
            tuple(self.files.programs),
        )

    def _nodes(self) -> dict[str, Node]:
        nodes = {}
        for name, (part, written) in self._written.nodes.items():
            node = None if written.broken else self._node_reader.read(part, written)
            if node is not None:
                nodes[name] = node
        return nodes

    def _exports(self) -> dict[str, Export]:
        exports = {}
        for written in self._written.exports.values():
            export = export_tables.read_export(written, self._written, written.sink_in(self._sink))
            if export is not None:
                exports[export.name] = export
        return exports

    def _sink_of(self, owner: Node | Export) -> MistakeSink:
        """Of the table that a node or an export was written in."""
        if isinstance(owner, Node):
            part, written = self._written.nodes[owner.name]
            return written.sink_in(part.sink)
        return self._written.exports[owner.name].sink_in(self._sink)

    def _take_by_take(
        self, nodes: dict[str, Node], exports: dict[str, Export]
    ) -> tuple[dict[str, Node], dict[str, Export], bool]:
        """(the nodes, the exports, whether it is known how many takes each has)"""
        expanded = variations.expand(nodes, exports, self._sink_of, MAX_NODES)
        for count, things in ((expanded.n_nodes, "nodes"), (expanded.n_exports, "exports")):
            if count > MAX_NODES:
                what = f"holds {count:,} {things} with all their takes; a scene may have {MAX_NODES:,}"
                self._sink.wrong_file(what)
        return expanded.nodes, expanded.exports, bool(expanded.counts)

    def _demands(
        self, nodes: Mapping[str, Node], exports: Mapping[str, Export]
    ) -> tuple[tuple[SceneCheck, ...], tuple[EngineManifest, ...]]:
        """[[checks]] and [manifests.*] of the scene's own file."""
        table, sink, hints = self._sheet.table, self._sink, self._hints
        if not table.keys() & {"checks", "manifests"}:
            return (), ()
        # What has mistakes of its own is there all the same, though nobody knows how many takes it has.
        all_nodes = {**dict.fromkeys(self._written.nodes), **nodes}
        all_exports: dict[str, Export | None] = {**dict.fromkeys(self._written.exports), **exports}
        checks = checks_and_manifests.read_checks(table.get("checks", []), all_nodes, all_exports, sink, hints)
        manifests = checks_and_manifests.read_manifests(
            table.get("manifests", {}), self._id, all_exports, sink, hints, export_tables.wrong_path
        )
        return checks, manifests


def _code_of_packages(
    nodes: Mapping[str, Node], exports: Mapping[str, Export], manifests: Iterable[EngineManifest]
) -> Iterator[Path]:
    """The files of installed packages that a scene's results come out of: when one changes, it is looked at again."""
    models = [node.model for node in nodes.values() if node.model is not None]
    used: list[tuple[Registry[Any], set[str]]] = [
        (KINDS, {node.kind_name for node in nodes.values()}),
        (BACKENDS, {name for model in models for name in (model.backend, model.stands_for) if name}),
        (FORMATS, {name for export in exports.values() for name in export.settings.formats}),
        (ENGINES, {manifest.engine for manifest in manifests}),
    ]
    for registry, names in used:
        for name in sorted(names):
            if registry.package(name):
                yield from registry.sources(name)
