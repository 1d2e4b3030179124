"""One node: from its table, with defaults and what its scene gives it, to a checked `Node`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from soundgraph.backends import Model
from soundgraph.core import path_names, validation_words
from soundgraph.core.errors import did_you_mean, quote
from soundgraph.core.params import Params, file_fields, references, rename_references, written_references
from soundgraph.core.path_names import is_spelled_as_path
from soundgraph.core.text import listed
from soundgraph.core.toml_document import MistakeSink, Sheet
from soundgraph.nodes import KINDS, Kind, get_kind
from soundgraph.project import model_names, node_fields
from soundgraph.project.model_names import UnknownModelError
from soundgraph.scene.reading import variations
from soundgraph.scene.reading.raw_tables import ScenePart, WrittenScene, WrittenTable
from soundgraph.scene.reading.scene_files import SceneFiles
from soundgraph.scene.reading.sources import SceneSources
from soundgraph.scene.tables.scene import Node, Origin


class NodeReader:
    """Reads the nodes of one scene, once all that is written in it is known."""

    def __init__(self, sources: SceneSources, files: SceneFiles, scene: WrittenScene):
        self.has_takes = False
        """Whether any node read so far has more than one take, or names a take of another."""
        self._sources = sources
        self._project = sources.project
        self._files = files
        self._scene = scene

    def read(self, part: ScenePart, written: WrittenTable) -> Node | None:
        """None if it cannot be used; its mistakes are noted down."""
        table, sink = written.table, written.sink_in(part.sink)
        if not isinstance(table, Mapping):
            sink.wrong((), f"must be a table, not {validation_words.kind_of(table)}")
            return None
        kind_name = table.get("kind")
        if not isinstance(kind_name, str) or not KINDS.has(kind_name):
            sink.wrong(("kind",), *_wrong_kind(table))
            return None
        if (refusal := KINDS.refusal(kind_name)) is not None:
            sink.wrong(("kind",), refusal.what, refusal.hint)
            return None
        kind = get_kind(kind_name)
        merged = {**part.defaults.get(kind_name, {}), **table}
        del merged["kind"]
        for name in kind.from_scene:
            if name not in merged:
                merged[name] = getattr(part.settings, name)
        model = None
        if kind.render is None:
            if isinstance(merged.get("model"), str) and merged["model"]:
                model = self._model(part, table, sink, merged["model"])
            merged = {**dict(model.defaults if model else ()), **merged}
            merged = _without_fields_of_others(model, table, merged, sink)
        checked_by = node_fields.params_for(kind_name, model)
        try:
            params = checked_by.model_validate(merged)
        except ValidationError as error:
            for keys, what in validation_words.explain(error, checked_by, merged):
                # A default that is wrong is reported where it stands, not for each node that takes it.
                if not (part.faulty and keys and keys[0] in merged and keys[0] not in table):
                    sink.wrong(keys, what)
            self._check_references(part, sink, written_references(kind.params, merged))
            return None
        self._check_references(part, sink, references(params))
        params = self._with_files(part.sheet, sink, kind, params)
        self.has_takes = self.has_takes or getattr(params, variations.FIELD, 1) > 1
        if part.prefix:
            params = rename_references(params, lambda name: part.prefix + name)
        if model is not None:
            for field, what in model_names.misfits(params, model):
                sink.wrong((field,), what)
        origin = Origin(part.sheet.file, written.keys)
        return Node(part.prefix + written.name, kind_name, kind, params, origin, model)

    def _check_references(self, part: ScenePart, sink: MistakeSink, names: Iterable[tuple[str, str]]) -> None:
        for role, reference in names:
            name, take = variations.split(reference)
            self.has_takes = self.has_takes or take is not None
            if not self._scene.may_have(part.prefix + name):
                sink.wrong(variations.role_keys(role), f"{role} {self._scene.not_a_node(part.prefix, name)}")

    def _with_files(self, sheet: Sheet, sink: MistakeSink, kind: Kind, params: Params) -> Params:
        """`params` with absolute paths, once the files they name have been looked at."""
        for name in file_fields(kind.params):
            entry = getattr(params, name)
            if entry is None:
                continue
            wrong, hint = path_names.wrong_with(entry, upwards=True), ""
            if not wrong:
                path, wrong, hint = self._files.inside(sheet.folder, entry)
                params = params.model_copy(update={name: str(path)})
                if not wrong:
                    reason = self._sources.inspect(kind, params, str(path))
                    wrong = f"{quote(entry)} {reason}" if reason else ""
                    if kind.programs is not None and not reason:
                        for program in kind.programs(params):
                            self._files.read_through(program)
            if wrong:
                sink.wrong((name,), f"{name} {wrong}", hint)
        return params

    def _model(self, part: ScenePart, table: Mapping[str, Any], sink: MistakeSink, name: str) -> Model | None:
        """sink: of the node's table."""
        sheet, keys = part.sheet, ("model",)
        if "model" not in table:
            project, file = self._project.sheet, part.sink
            if project is not None and "model" not in sheet.table.get("defaults", {}).get("generate", {}):
                sheet, file = project, part.sink.of(project)
            sink = file.table(("defaults", "generate"), "defaults.generate")
        wanted = name
        try:
            if is_spelled_as_path(name):
                wanted = self._checkpoint(sheet, name)
            model = self._sources.model(wanted)
        except UnknownModelError as error:
            if is_spelled_as_path(wanted):
                self._files.read[self._project.root / wanted] = None
            what = str(error).replace(quote(wanted), quote(name))  # as it is written there
            sink.wrong(keys, f"model {what}", error.hint)
            return None
        self._files.read.update(dict.fromkeys((*model.read, *model.passed)))
        if any(map(self._project.delivers_into, model.read)):
            what = f"model {quote(name)} lies in the output folder, {self._project.build.output}/"
            sink.wrong(keys, what, "keep checkpoints in another folder")
            return None
        return model

    def _checkpoint(self, sheet: Sheet, name: str) -> str:
        """The id of a checkpoint's folder: its path from the project's root. It is written relative to its file."""
        if Path(name).is_absolute():
            if sheet is not self._project.sheet and sheet.path is not None:
                hint = "give it a name under [models] there"
                raise UnknownModelError(f"{quote(name)} is an absolute path, which only soundgraph.toml may have", hint)
            return name
        path = os.path.relpath(os.path.normpath(sheet.folder / name), self._project.root).replace(os.sep, "/")
        return path if path.startswith("../") or path in (".", "..") else f"./{path}"


def _without_fields_of_others(
    model: Model | None, table: Mapping[str, Any], merged: dict[str, Any], sink: MistakeSink
) -> dict[str, Any]:
    """What a generate node says, without the fields that only other models take.

    Such a field is a mistake in the node's own `table`, and nothing in [defaults.generate], which is for all models.
    """
    known = node_fields.params_for("generate", model).model_fields
    foreign = [name for name in merged if name not in known and node_fields.has_field("generate", name)]
    for name in foreign:
        if name in table and model is not None:
            takers = list(node_fields.takers(name))
            own = sorted(model.params.model_fields)
            what = f"{name} cannot be used: {merged['model']} does not take it; models of {listed(takers)} do"
            sink.wrong((name,), what, f"beside what all models take, it takes {listed(own) if own else 'nothing'}")
    return {name: value for name, value in merged.items() if name not in foreign}


_KINDS = "soundgraph kinds lists them"


def _wrong_kind(table: Mapping[str, Any]) -> tuple[str, str]:
    known = KINDS.names()
    if "kind" not in table:
        return "kind is missing", _KINDS
    name = table["kind"]
    if not isinstance(name, str):
        return f"kind must be a string, not {validation_words.kind_of(name)}", ""
    close = did_you_mean(name, known)
    return f"unknown kind {quote(name)}{close}", "" if close else _KINDS
