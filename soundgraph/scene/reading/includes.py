"""Gathering what is written in a scene's file and in those it includes; no node or export is checked yet."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from soundgraph.core import path_names, validation_words
from soundgraph.core.errors import Mistakes, SceneError, did_you_mean, quote
from soundgraph.core.toml_document import MistakeSink, Sheet
from soundgraph.project.default_tables import check_defaults
from soundgraph.scene.reading import elements
from soundgraph.scene.reading.overrides import GivenValues, Overrides
from soundgraph.scene.reading.raw_tables import (
    MAX_NODES,
    ExpandedElements,
    ScenePart,
    WrittenScene,
    WrittenTable,
    tables,
)
from soundgraph.scene.reading.scene_files import SceneFiles
from soundgraph.scene.reading.sources import SceneSources
from soundgraph.scene.tables.scene import SceneSettings

MAX_INCLUDES = 200
MAX_CHARACTERS = 16_000_000
MAX_DEPTH = 8
TABLES = ("scene", "nodes", "exports", "elements", "defaults", "include", "checks", "manifests")


class Gathering:
    """Goes through a scene's file and those it includes, and notes down their tables."""

    def __init__(
        self,
        sources: SceneSources,
        files: SceneFiles,
        overrides: Overrides,
        mistakes: Mistakes,
        given: GivenValues,
        written: WrittenScene,
    ):
        """written: is filled. given: what the overrides of [scene] and [defaults] gave is noted in it."""
        self._sources = sources
        self._files = files
        self._overrides = overrides
        self._mistakes = mistakes
        self._given = given
        self._written = written
        self._n_includes = 0
        self._sizes: dict[Path, int] = {}  # in characters, of the scene's own file and of those it includes

    def gather(self, sheet: Sheet, scene_id: str) -> ScenePart:
        """The scene's own part. Raises SceneError where there is more than a scene may have."""
        self._own = MistakeSink(sheet, self._mistakes, self._given)
        return self._gather(sheet, scene_id, "", ())

    def refuse_too_many_nodes(self) -> None:
        count = len(self._written.nodes)
        if count > MAX_NODES:
            what = f"holds {count:,} nodes with all it includes; a scene may have {MAX_NODES:,}"
            raise self._own.too_much(what)

    def _gather(self, sheet: Sheet, title: str, prefix: str, chain: tuple[Sheet, ...]) -> ScenePart:
        """Note down the tables of a file and of those it includes. chain: the files that led here."""
        if sheet.path is not None:
            self._files.read[sheet.path] = None
            self._sizes[sheet.path] = len(sheet.text)
            if sum(self._sizes.values()) > MAX_CHARACTERS:
                raise self._own.too_much(f"has over {MAX_CHARACTERS:,} characters with all it includes")
        sink = MistakeSink(sheet, self._mistakes, self._given)
        _check_names(sink)
        part = self._part(sink, prefix, own=not chain)
        nodes = _tables(sink, "nodes")
        exports = [] if chain else _tables(sink, "exports")
        if "elements" in sheet.table:
            short = elements.expand(sheet.table["elements"], title, sink)
            _merge(sink, nodes, exports if not chain else None, short)
        for node in nodes:
            self._written.nodes[prefix + node.name] = part, node
            if not path_names.is_name(node.name):
                node.sink_in(sink).wrong((), f"{quote(node.name)} {path_names.NAME_RULE}")
        for export in exports:
            self._written.exports[export.name] = export
        self._include(part, {node.name for node in nodes}, chain)
        return part

    def _part(self, sink: MistakeSink, prefix: str, own: bool) -> ScenePart:
        """A file's [scene] and defaults; overrides of them reach the scene's own file only."""
        sheet = sink.sheet
        table, written_defaults = sheet.table.get("scene", {}), sheet.table.get("defaults", {})
        if own:
            table = self._overrides.in_table(table, "scene", sink, self._given)
            written_defaults = self._overrides.in_table(written_defaults, "defaults", sink, self._given)
        before = sink.count
        defaults = check_defaults(written_defaults, sink)
        faulty = sink.count > before
        of_project = self._sources.project.defaults
        merged = {kind: {**of_project.get(kind, {}), **defaults.get(kind, {})} for kind in {**of_project, **defaults}}
        return ScenePart(sheet, prefix, _settings(table, sink.table(("scene",), "scene")), merged, faulty, sink)

    def _include(self, part: ScenePart, names: set[str], chain: tuple[Sheet, ...]) -> None:
        sheet, sink = part.sheet, part.sink.table(("include",), "include")
        entries = sheet.table.get("include", [])
        if not isinstance(entries, list):
            sink.wrong((), f"must be a list, not {validation_words.kind_of(entries)}")
            if isinstance(entries, str):
                self._written.lost.append(f"{part.prefix}{Path(entries).stem}.")
            return
        if len(entries) > MAX_INCLUDES:
            raise sink.too_much(f"names {len(entries):,} files; a scene may include {MAX_INCLUDES}, all told")
        taken: dict[str, str] = dict.fromkeys(names, "a node")
        for index, entry in enumerate(entries):
            included, hint = self._included(sheet, entry)
            wrong = self._not_included(included, entry, taken, [*chain, sheet])
            if isinstance(included, Sheet) and not wrong:
                title = _stem(included)
                taken[title] = f"the include {quote(entry)}"
                self.refuse_too_many_nodes()  # of 200 files of many nodes each, the rest need not be read
                self._gather(included, title, f"{part.prefix}{title}.", (*chain, sheet))
                continue
            if wrong:
                sink.wrong((index,), wrong, hint)
            if isinstance(entry, str):
                self._written.lost.append(f"{part.prefix}{Path(entry).stem}.")
            self._overrides.incomplete = True

    def _not_included(
        self, included: Sheet | str, entry: object, taken: Mapping[str, str], leading: list[Sheet]
    ) -> str:
        """Why a file cannot be included, although it can be read; "" if it can. leading: the files that led here."""
        if isinstance(included, str):
            return included
        name = _stem(included)
        if included.path in [sheet.path for sheet in leading]:
            ring = [sheet.file for sheet in leading]
            return f"includes itself: {' -> '.join([*ring[ring.index(included.file) :], included.file])}"
        if len(leading) > MAX_DEPTH:
            return f"{quote(entry)} is nested deeper than {MAX_DEPTH} files"
        if not path_names.is_name(name):
            return f"{quote(name)} {path_names.NAME_RULE}"
        if name in taken:
            return f"{quote(entry)} is called {quote(name)}, and so is {taken[name]} of this file"
        self._n_includes += 1
        if self._n_includes <= MAX_INCLUDES:
            return ""
        return f"a scene may include {MAX_INCLUDES} files, all told"

    def _included(self, sheet: Sheet, entry: object) -> tuple[Sheet | str, str]:
        """(the sheet that `entry` of an include list names, or what is wrong with it; what to do). What is wrong is ""
        if that is reported already."""
        if not isinstance(entry, str):
            return f"must be a list of paths; {validation_words.kind_of(entry)} is none", ""
        if wrong := path_names.wrong_with(entry, upwards=True):
            return wrong, ""
        if not entry.endswith(".toml"):
            return f'{quote(entry)} must end in ".toml"', ""
        path, wrong, hint = self._files.inside(sheet.folder, entry)
        if wrong:
            return wrong, hint
        try:
            return self._sources.included(path), ""
        except SceneError as error:
            self._mistakes += error.mistakes
            return "", ""


def _check_names(sink: MistakeSink) -> None:
    for name, value in sink.sheet.table.items():
        if name in TABLES:
            continue
        if isinstance(value, (Mapping, list)):
            hint = f"a node is written as [nodes.{name}]" if isinstance(value, Mapping) and "kind" in value else ""
            sink.wrong((name,), f"unknown table {quote(name)}{did_you_mean(name, TABLES)}", hint)
        else:
            hint = "write it under [scene]" if name in SceneSettings.model_fields else ""
            sink.wrong((name,), f"unknown field {quote(name)}{did_you_mean(name, TABLES)}", hint)


def _settings(table: Any, sink: MistakeSink) -> SceneSettings:
    """The [scene] table; the defaults of what is wrong in it."""
    if not isinstance(table, Mapping):
        sink.wrong((), f"must be a table, not {validation_words.kind_of(table)}")
    elif table:
        try:
            return SceneSettings.model_validate(table)
        except ValidationError as error:
            for keys, what in validation_words.explain(error, SceneSettings, table):
                sink.wrong(keys, what)
    return SceneSettings.model_validate({})


def _tables(sink: MistakeSink, group: str) -> list[WrittenTable]:
    group_table = sink.sheet.table.get(group, {})
    if isinstance(group_table, Mapping):
        return tables(group_table, group)
    sink.table((group,), group).wrong((), f"must be a table, not {validation_words.kind_of(group_table)}")
    return []


def _merge(
    sink: MistakeSink, nodes: list[WrittenTable], exports: list[WrittenTable] | None, short: ExpandedElements
) -> None:
    """Add what elements stand for to what is written out; an export that is written out refines theirs."""
    names = {node.name for node in nodes}
    for node in short.nodes:
        if node.name in names:
            what = f"the name {quote(node.name)} is taken by {sink.sheet.file and 'nodes.'}{node.name}"
            node.sink_in(sink).wrong((), what)
        else:
            nodes.append(node)
    if exports is None:
        return
    written = {export.name: export for export in exports}
    for export in short.exports:
        refined = written.get(export.name)
        if refined is None:
            exports.append(export)
        elif isinstance(refined.table, Mapping):
            refined.table = {**export.table, **refined.table}


def _stem(sheet: Sheet) -> str:
    # Composed: a name of letters and accents apart, as macOS once gave them to files, is no name of a node.
    return unicodedata.normalize("NFC", sheet.path.stem) if sheet.path else "scene"
