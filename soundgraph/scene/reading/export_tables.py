"""One export: from its table to a checked `Export`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from soundgraph.audio.formats import format_names
from soundgraph.core import path_names, validation_words
from soundgraph.core.errors import quote
from soundgraph.core.toml_document import MistakeSink
from soundgraph.scene.reading import variations
from soundgraph.scene.reading.raw_tables import WrittenScene, WrittenTable
from soundgraph.scene.tables.export_settings import ExportSettings
from soundgraph.scene.tables.scene import DRAFT_FOLDER, Export, Origin


def names_a_take(written: WrittenTable) -> bool:
    """Whether the table of an export asks for one take of its node, or for each."""
    if not isinstance(written.table, Mapping):
        return False
    node, path = written.table.get("node"), written.table.get("path")
    return (isinstance(node, str) and "#" in node) or (isinstance(path, str) and variations.has_place(path))


def read_export(written: WrittenTable, scene: WrittenScene, sink: MistakeSink) -> Export | None:
    """None if it cannot be used. sink: of its table."""
    table = written.table
    if not isinstance(table, Mapping):
        sink.wrong((), f"must be a table, not {validation_words.kind_of(table)}")
        return None
    if not path_names.is_name(written.name):
        sink.wrong((), f"{quote(written.name)} {path_names.NAME_RULE}")
    settings: ExportSettings | None
    try:
        settings = ExportSettings.model_validate(table)
    except ValidationError as error:
        for keys, what in validation_words.explain(error, ExportSettings, table):
            sink.wrong(keys, what)
        settings = None
    node, path = table.get("node"), table.get("path")
    if isinstance(node, str) and (base := variations.split(node)[0]) not in scene.nodes:
        sink.wrong(("node",), f"node {scene.not_a_node('', base)}")
    if isinstance(path, str) and (fault := wrong_path(path)):
        sink.wrong(("path",), f"path {fault}")
        settings = None
    if path is None and path_names.is_name(written.name) and (fault := wrong_path(written.name)):
        sink.wrong((), f"the name {fault}")
    if settings is None:
        return None
    origin = Origin(sink.sheet.file, written.keys)
    return Export(written.name, settings, written.name if path is None else path, origin)


def wrong_path(path: str) -> str:
    """What is wrong with a path under the build folder, to be put after it; "" for nothing."""
    if wrong := variations.wrong_path(path) or path_names.wrong_with(variations.fill(path, 1)):
        return wrong
    if path.casefold().split("/")[0] == DRAFT_FOLDER:
        return f'{quote(path)} is kept for drafts: "{DRAFT_FOLDER}" cannot come first'
    if path.casefold().endswith(tuple(f".{name}" for name in format_names())):
        return f"{quote(path)} must be without extension: format gives it"
    return ""
