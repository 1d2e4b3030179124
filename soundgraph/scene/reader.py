"""One scene: from tables to checked nodes and exports, with the mistakes of all its tables found on the way."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from soundgraph.backends import Model
from soundgraph.core import path_names, programs, validation_words
from soundgraph.core.errors import Hints, Mistake, Mistakes, SceneError, closest, did_you_mean, quote
from soundgraph.core.params import Params, file_fields, references, rename_references, written_references
from soundgraph.core.toml_document import Sheet
from soundgraph.core.validation_words import Keys
from soundgraph.nodes import Kind, get_kind, kind_names
from soundgraph.project import model_names
from soundgraph.project.config import check_defaults
from soundgraph.project.model_names import UnknownModelError
from soundgraph.scene.reading import checks_and_manifests, elements, overrides, variations
from soundgraph.scene.reading.collisions import clashing
from soundgraph.scene.reading.raw_tables import Expanded, Part, Written, tables
from soundgraph.scene.tables.export_settings import ExportSettings, Format
from soundgraph.scene.tables.scene import (
    DRAFT_FOLDER,
    EngineManifest,
    Export,
    Node,
    Origin,
    Scene,
    SceneCheck,
    SceneSettings,
)

if TYPE_CHECKING:
    from soundgraph.scene.loader import Loader

MAX_NODES = 20_000
MAX_INCLUDES = 200
MAX_CHARACTERS = 16_000_000
MAX_DEPTH = 8
TABLES = ("scene", "nodes", "exports", "elements", "defaults", "include", "checks", "manifests")

OUTPUT_HINT = "include the scene that delivers it, or keep what scenes read in another folder"
"""What is delivered is made anew at any time, and is not there in a fresh clone: no scene may be made from it."""

_EXTENSIONS = tuple(f".{extension}" for extension in get_args(Format))


class Reading:
    """A scene while it is being read. Nothing stops at the first mistake; `scene` raises them all at the end."""

    def __init__(self, loader: Loader, sheet: Sheet, scene_id: str):
        self._loader = loader
        self._project = loader.project
        self._sheet = sheet
        self._id = scene_id
        self._mistakes = Mistakes()
        self.read: dict[Path, None] = dict.fromkeys(self._project.read)
        """What was read so far, or looked for and absent."""
        self.programs: dict[str, None] = {}
        self.delivers: tuple[tuple[Export, ...], tuple[EngineManifest, ...]] = ((), ())
        """What of it can be read, whatever else is wrong."""
        self._nodes: dict[str, tuple[Part, Written]] = {}
        self._exports: dict[str, Written] = {}
        self._includes = 0
        self._sizes: dict[Path, int] = {}  # in characters, of the scene's own file and of those it includes
        self._close: dict[tuple[str, str], str] = {}
        self._hints = Hints()
        self._lost: list[str] = []  # prefixes of includes that could not be read: what they hold is not known
        self._given: dict[tuple[str, Keys], overrides.Override] = {}
        self._has_takes = False  # whether any node has more than one, or one of them is named

    def scene(self) -> Scene:
        """Raises SceneError with all that is wrong."""
        own = self._gather(self._sheet, "", ())
        self._override_tables()
        self._count_nodes()
        if len(self._exports) > MAX_NODES:
            what = f"holds {len(self._exports):,} exports; a scene may have {MAX_NODES:,}"
            raise SceneError([*self._mistakes, Mistake(self._sheet.file, 0, "", what)])
        nodes = {}
        for name, (part, written) in self._nodes.items():
            node = None if written.broken else self._node(part, written)
            if node is not None:
                nodes[name] = node
        exports = {}
        for written in self._exports.values():
            export = self._export(written)
            if export is not None:
                exports[export.name] = export
        are_counted = not self._has_takes
        if self._has_takes and len(nodes) == len(self._nodes):
            nodes, exports, are_counted = self._take_by_take(nodes, exports)
        if not self._nodes and not self._mistakes:
            hint = "write a [nodes.<name>] table, as docs/scene-format.md shows"
            self._mistakes.append(Mistake(self._sheet.file, 0, "", "holds no nodes", hint))
        checks, manifests = self._demands(nodes if are_counted else {}, exports if are_counted else {})
        self.delivers = tuple(exports.values()), manifests
        self._mistakes += clashing(exports.values(), manifests, lambda origin: self._sheet.line(origin.keys))
        if self._mistakes:
            raise SceneError(self._mistakes)
        read = tuple(self.read)
        through = tuple(self.programs)
        return Scene(self._id, self._sheet.path, own.settings, nodes, exports, read, checks, manifests, through)

    def _count_nodes(self) -> None:
        if len(self._nodes) > MAX_NODES:
            what = f"holds {len(self._nodes):,} nodes with all it includes; a scene may have {MAX_NODES:,}"
            raise SceneError([*self._mistakes, Mistake(self._sheet.file, 0, "", what)])

    # Gathering: what is written, in this file and those it includes.

    def _gather(self, sheet: Sheet, prefix: str, chain: tuple[Sheet, ...]) -> Part:
        """Note down the tables of a file and of those it includes. chain: the files that led here."""
        if sheet.path is not None:
            self.read[sheet.path] = None
            self._sizes[sheet.path] = len(sheet.text)
            if sum(self._sizes.values()) > MAX_CHARACTERS:
                what = f"has over {MAX_CHARACTERS:,} characters with all it includes"
                raise SceneError([*self._mistakes, Mistake(self._sheet.file, 0, "", what)])
        self._check_names(sheet)
        part = self._part(sheet, prefix, own=not chain)
        written = self._tables(sheet, "nodes")
        exports = [] if chain else self._tables(sheet, "exports")
        if "elements" in sheet.table:
            short = elements.expand(sheet.table["elements"], self._id if not chain else _stem(sheet))
            for keys, where, what in short.mistakes:
                self._wrong(sheet, keys, where, what)
            self._merge(sheet, written, exports if not chain else None, short)
        for node in written:
            self._nodes[prefix + node.name] = part, node
            if not path_names.is_name(node.name):
                self._wrong(sheet, node.keys, node.where, f"{quote(node.name)} {path_names.NAME_RULE}")
        for export in exports:
            self._exports[export.name] = export
        self._include(part, {node.name for node in written}, chain)
        return part

    def _check_names(self, sheet: Sheet) -> None:
        for name, value in sheet.table.items():
            if name in TABLES:
                continue
            if isinstance(value, (Mapping, list)):
                hint = f"a node is written as [nodes.{name}]" if isinstance(value, Mapping) and "kind" in value else ""
                self._wrong(sheet, (name,), "", f"unknown table {quote(name)}{did_you_mean(name, TABLES)}", hint)
            else:
                hint = "write it under [scene]" if name in SceneSettings.model_fields else ""
                self._wrong(sheet, (name,), "", f"unknown field {quote(name)}{did_you_mean(name, TABLES)}", hint)

    def _part(self, sheet: Sheet, prefix: str, own: bool) -> Part:
        """A file's [scene] and defaults; overrides of them reach the scene's own file only."""
        table, defaults = sheet.table.get("scene", {}), sheet.table.get("defaults", {})
        if own:
            table = self._overridden(sheet, table, "scene")
            defaults = self._overridden(sheet, defaults, "defaults")
        before = len(self._mistakes)

        def place(keys: Keys, where: str, what: str) -> Mistake:
            return self._place(sheet, keys, where, what)

        found = check_defaults(defaults, place, self._mistakes)
        faulty = len(self._mistakes) > before
        merged = {
            kind: {**self._project.defaults.get(kind, {}), **found.get(kind, {})}
            for kind in {**self._project.defaults, **found}
        }
        settings = SceneSettings.model_validate({})
        if not isinstance(table, Mapping):
            self._wrong(sheet, ("scene",), "scene", f"must be a table, not {validation_words.kind_of(table)}")
        elif table:
            try:
                settings = SceneSettings.model_validate(table)
            except ValidationError as error:
                for keys, what in validation_words.explain(error, SceneSettings, table):
                    self._wrong(sheet, ("scene", *keys), "scene", what)
        return Part(sheet, prefix, settings, merged, faulty)

    def _tables(self, sheet: Sheet, group: str) -> list[Written]:
        written = sheet.table.get(group, {})
        if isinstance(written, Mapping):
            return tables(written, group)
        self._wrong(sheet, (group,), group, f"must be a table, not {validation_words.kind_of(written)}")
        return []

    def _merge(self, sheet: Sheet, nodes: list[Written], exports: list[Written] | None, short: Expanded) -> None:
        """Add what elements stand for to what is written out; an export that is written out refines theirs."""
        names = {node.name for node in nodes}
        for node in short.nodes:
            if node.name in names:
                what = f"the name {quote(node.name)} is taken by {sheet.file and 'nodes.'}{node.name}"
                self._wrong(sheet, node.keys, node.where, what)
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

    def _include(self, part: Part, names: set[str], chain: tuple[Sheet, ...]) -> None:
        sheet = part.sheet
        entries = sheet.table.get("include", [])
        if not isinstance(entries, list):
            self._wrong(sheet, ("include",), "include", f"must be a list, not {validation_words.kind_of(entries)}")
            if isinstance(entries, str):
                self._lost.append(f"{part.prefix}{Path(entries).stem}.")
            return
        if len(entries) > MAX_INCLUDES:
            what = f"names {len(entries):,} files; a scene may include {MAX_INCLUDES}, all told"
            raise SceneError([*self._mistakes, sheet.mistake(("include",), "include", what)])
        taken: dict[str, str] = dict.fromkeys(names, "a node")
        for index, entry in enumerate(entries):
            found, hint = self._included(sheet, entry)
            wrong = self._not_included(found, entry, taken, [*chain, sheet])
            if isinstance(found, Sheet) and not wrong:
                taken[_stem(found)] = f"the include {quote(entry)}"
                self._count_nodes()  # of 200 files of many nodes each, the rest need not be read
                self._gather(found, f"{part.prefix}{_stem(found)}.", (*chain, sheet))
                continue
            if wrong:
                self._wrong(sheet, ("include", index), "include", wrong, hint)
            if isinstance(entry, str):
                self._lost.append(f"{part.prefix}{Path(entry).stem}.")
            self._loader.incomplete = True

    def _not_included(self, found: Sheet | str, entry: object, taken: Mapping[str, str], leading: list[Sheet]) -> str:
        """Why a file cannot be included, although it can be read; "" if it can. leading: the files that led here."""
        if isinstance(found, str):
            return found
        name = _stem(found)
        if found.path in [sheet.path for sheet in leading]:
            ring = [sheet.file for sheet in leading]
            return f"includes itself: {' -> '.join([*ring[ring.index(found.file) :], found.file])}"
        if len(leading) > MAX_DEPTH:
            return f"{quote(entry)} is nested deeper than {MAX_DEPTH} files"
        if not path_names.is_name(name):
            return f"{quote(name)} {path_names.NAME_RULE}"
        if name in taken:
            return f"{quote(entry)} is called {quote(name)}, and so is {taken[name]} of this file"
        self._includes += 1
        if self._includes <= MAX_INCLUDES:
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
        path, wrong, hint = self._inside(sheet, entry)
        self.read[path] = None
        if wrong:
            return wrong, hint
        try:
            return self._loader.included(path), ""
        except SceneError as error:
            self._mistakes += error.mistakes
            return "", ""

    def _inside(self, sheet: Sheet, entry: str) -> tuple[Path, str, str]:
        """(the file that a relative path names, why it cannot be used, what to do); as written, links not resolved."""
        path = path_names.spelled(Path(os.path.normpath(sheet.folder / entry)))
        real, root = os.path.realpath(path), os.path.realpath(self._project.root)
        if os.path.commonpath([real, root]) != root or not path.is_relative_to(self._project.root):
            return path, f"{quote(entry)} leads outside the project", ""
        if self._project.delivers_into(path):
            return path, f"{quote(entry)} lies in the output folder, {self._project.build.output}/", OUTPUT_HINT
        if self._loader.has_text(path):
            return path, "", ""
        if not os.path.lexists(path):
            return path, f"{quote(entry)} does not exist{self._hints(entry, _beside(entry, sheet.folder))}", ""
        if path.is_dir():
            return path, f"{quote(entry)} is a folder, not a file", ""
        if not path.is_file():
            return path, f"{quote(entry)} is not a file that can be read", ""
        return path, "", ""

    # Overrides.

    def _overridden(self, sheet: Sheet, table: Any, group: str) -> Any:
        """[scene] or [defaults] with what -D says. The names were checked when the override was read."""
        for override in self._loader.overrides:
            if override.keys[0] == group:
                table = self._put(sheet, override, table, override.keys[1:], override.keys)
                self._loader.matched.add(override)
        return table

    def _override_tables(self) -> None:
        if not self._loader.overrides:
            return
        seen = self._loader.seen
        for name, (_, written) in self._nodes.items():
            seen.nodes.setdefault(name, set()).update(_fields(written))
        seen.exports.update(self._exports)
        for override in self._loader.overrides:
            group, *keys = override.keys
            if group == "nodes" and (found := overrides.split(keys, self._nodes)):
                name, inner = found
                part, written = self._nodes[name]
                if inner[0] in _fields(written):
                    self._change(part.sheet, written, override, inner)
            elif group == "exports" and keys[0] in self._exports and keys[1] in ExportSettings.model_fields:
                self._change(self._sheet, self._exports[keys[0]], override, tuple(keys[1:]))

    def _change(self, sheet: Sheet, written: Written, override: overrides.Override, inner: tuple[str, ...]) -> None:
        self._loader.matched.add(override)
        written.table = self._put(
            sheet,
            override,
            written.table,
            inner,
            (*written.keys, *(int(key) if key.isdecimal() else key for key in inner)),
        )

    def _put(self, sheet: Sheet, override: overrides.Override, table: Any, inner: Sequence[str], keys: Keys) -> Any:
        try:
            changed = overrides.put(table, inner, override.value)
        except KeyError:
            self._mistakes.append(Mistake("", 0, f"-D {override.key}", "leads nowhere: there is nothing of that name"))
            return table
        self._given[sheet.file, keys] = override
        return changed

    # Mistakes.

    def _wrong(self, sheet: Sheet, keys: Keys, where: str, what: str, hint: str = "") -> None:
        self._mistakes.append(self._place(sheet, keys, where, what, hint))

    def _place(self, sheet: Sheet, keys: Keys, where: str, what: str, hint: str = "") -> Mistake:
        for end in range(len(keys), 1, -1):
            override = self._given.get((sheet.file, keys[:end]))
            if override is not None:  # there is no line to point at
                return Mistake(sheet.file, 0, where, what, f"given by -D {override.text}", tuple(keys))
        return sheet.mistake(keys, where, what, hint)

    # Checking: one node, one export.

    def _node(self, part: Part, written: Written) -> Node | None:
        sheet, table = part.sheet, written.table
        if not isinstance(table, Mapping):
            self._wrong(sheet, written.keys, written.where, f"must be a table, not {validation_words.kind_of(table)}")
            return None
        kind_name = table.get("kind")
        if not isinstance(kind_name, str) or kind_name not in kind_names():
            self._wrong(sheet, (*written.keys, "kind"), written.where, *_wrong_kind(table))
            return None
        kind = get_kind(kind_name)
        merged = {**part.defaults.get(kind_name, {}), **table}
        del merged["kind"]
        for name in kind.from_scene:
            if name not in merged:
                merged[name] = getattr(part.settings, name)
        model = None
        if kind.render is None and isinstance(merged.get("model"), str) and merged["model"]:
            model = self._model(part, written, merged["model"])
            merged = {**dict(model.defaults if model else ()), **merged}
        try:
            params = kind.params.model_validate(merged)
        except ValidationError as error:
            for keys, what in validation_words.explain(error, kind.params, merged):
                # A default that is wrong is reported where it stands, not for each node that takes it.
                if not (part.faulty and keys and keys[0] in merged and keys[0] not in table):
                    self._wrong(sheet, (*written.keys, *keys), written.where, what)
            self._check_references(part, written, written_references(kind.params, merged))
            return None
        self._check_references(part, written, references(params))
        params = self._with_files(part, written, kind, params)
        self._has_takes = self._has_takes or getattr(params, variations.FIELD, 1) > 1
        if part.prefix:
            params = rename_references(params, lambda name: part.prefix + name)
        if model is not None:
            for field, what in model_names.misfits(params, model):
                self._wrong(sheet, (*written.keys, field), written.where, what)
        origin = Origin(sheet.file, written.keys)
        return Node(part.prefix + written.name, kind_name, kind, params, origin, model)

    def _take_by_take(
        self, nodes: dict[str, Node], exports: dict[str, Export]
    ) -> tuple[dict[str, Node], dict[str, Export], bool]:
        """(the nodes, the exports, whether it is known how many takes each has)"""

        def wrong(whose: Node | Export, keys: Keys, what: str, hint: str) -> None:
            part, written = self._nodes[whose.name] if isinstance(whose, Node) else (None, self._exports[whose.name])
            sheet = part.sheet if part else self._sheet
            self._wrong(sheet, (*written.keys, *keys), written.where, what, hint)

        found = variations.expand(nodes, exports, wrong, MAX_NODES)
        for count, things in ((found.n_nodes, "nodes"), (found.n_exports, "exports")):
            if count > MAX_NODES:
                what = f"holds {count:,} {things} with all their takes; a scene may have {MAX_NODES:,}"
                self._mistakes.append(Mistake(self._sheet.file, 0, "", what))
        return found.nodes, found.exports, bool(found.counts)

    def _demands(
        self, nodes: dict[str, Node], exports: dict[str, Export]
    ) -> tuple[tuple[SceneCheck, ...], tuple[EngineManifest, ...]]:
        """[[checks]] and [manifests.*] of the scene's own file."""
        table, file = self._sheet.table, self._sheet.file
        if not table.keys() & {"checks", "manifests"}:
            return (), ()

        def wrong(keys: Keys, where: str, what: str, hint: str) -> None:
            self._wrong(self._sheet, keys, where, what, hint)

        # What has mistakes of its own is there all the same, though nobody knows how many takes it has.
        all_nodes = {**dict.fromkeys(self._nodes), **nodes}
        all_exports: dict[str, Export | None] = {**dict.fromkeys(self._exports), **exports}
        return (
            checks_and_manifests.read_checks(table.get("checks", []), file, all_nodes, all_exports, wrong, self._hints),
            checks_and_manifests.read_manifests(
                table.get("manifests", {}), file, self._id, all_exports, wrong, self._hints, _wrong_path
            ),
        )

    def _check_references(self, part: Part, written: Written, references: Iterable[tuple[str, str]]) -> None:
        for role, reference in references:
            name, take = variations.split(reference)
            self._has_takes = self._has_takes or take is not None
            full = part.prefix + name
            if full not in self._nodes and not full.startswith(tuple(self._lost)):
                what = f"{role} {self._not_a_node(part.prefix, name)}"
                self._wrong(part.sheet, (*written.keys, *variations.role_keys(role)), written.where, what)

    def _not_a_node(self, prefix: str, name: str) -> str:
        if (prefix, name) not in self._close:
            names = (other.removeprefix(prefix) for other in self._nodes if other.startswith(prefix))
            self._close[prefix, name] = self._hints(name, names)
        return f"{quote(name)} is not a node{self._close[prefix, name]}"

    def _with_files(self, part: Part, written: Written, kind: Kind, params: Params) -> Params:
        """`params` with absolute paths, once the files they name have been looked at."""
        for name in file_fields(kind.params):
            entry = getattr(params, name)
            if entry is None:
                continue
            wrong, hint = path_names.wrong_with(entry, upwards=True), ""
            if not wrong:
                path, wrong, hint = self._inside(part.sheet, entry)
                params = params.model_copy(update={name: str(path)})
                self.read[path] = None
                if not wrong:
                    reason = self._loader.inspect(kind, params, str(path))
                    wrong = f"{quote(entry)} {reason}" if reason else ""
                    if kind.programs is not None and not reason:
                        for program in kind.programs(params):
                            self.programs[program] = None
                            if (found := programs.find(program)) is not None:
                                self.read[Path(found)] = None
            if wrong:
                self._wrong(part.sheet, (*written.keys, name), written.where, f"{name} {wrong}", hint)
        return params

    def _model(self, part: Part, written: Written, name: str) -> Model | None:
        keys, where, sheet = (*written.keys, "model"), written.where, part.sheet
        if "model" not in written.table:
            keys, where = ("defaults", "generate", "model"), "defaults.generate"
            project = self._project.sheet
            if project is not None and "model" not in sheet.table.get("defaults", {}).get("generate", {}):
                sheet = project
        found = name
        try:
            if model_names.is_folder(name):
                found = self._checkpoint(sheet, name)
            model = self._loader.model(found)
        except UnknownModelError as error:
            if model_names.is_folder(found):
                self.read[self._project.root / found] = None
            what = str(error).replace(quote(found), quote(name))  # as it is written there
            self._wrong(sheet, keys, where, f"model {what}", error.hint)
            return None
        self.read.update(dict.fromkeys((*model.read, *model.passed)))
        if any(map(self._project.delivers_into, model.read)):
            what = f"model {quote(name)} lies in the output folder, {self._project.build.output}/"
            self._wrong(sheet, keys, where, what, "keep checkpoints in another folder")
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

    def _export(self, written: Written) -> Export | None:
        sheet, table = self._sheet, written.table

        def wrong(keys: Keys, what: str) -> None:
            self._wrong(sheet, (*written.keys, *keys), written.where, what)

        if not isinstance(table, Mapping):
            wrong((), f"must be a table, not {validation_words.kind_of(table)}")
            return None
        if not path_names.is_name(written.name):
            wrong((), f"{quote(written.name)} {path_names.NAME_RULE}")
        settings: ExportSettings | None
        try:
            settings = ExportSettings.model_validate(table)
        except ValidationError as error:
            for keys, what in validation_words.explain(error, ExportSettings, table):
                wrong(keys, what)
            settings = None
        node, path = table.get("node"), table.get("path")
        if isinstance(node, str):
            base, take = variations.split(node)
            self._has_takes = self._has_takes or take is not None
            if base not in self._nodes:
                wrong(("node",), f"node {self._not_a_node('', base)}")
        if isinstance(path, str) and (fault := _wrong_path(path)):
            wrong(("path",), f"path {fault}")
            settings = None
        self._has_takes = self._has_takes or (isinstance(path, str) and variations.has_place(path))
        if path is None and path_names.is_name(written.name) and (fault := _wrong_path(written.name)):
            wrong((), f"the name {fault}")
        if settings is None:
            return None
        return Export(written.name, settings, written.name if path is None else path, Origin(sheet.file, written.keys))


def _wrong_path(path: str) -> str:
    if wrong := variations.wrong_path(path) or path_names.wrong_with(variations.fill(path, 1)):
        return wrong
    if path.casefold().split("/")[0] == DRAFT_FOLDER:
        return f'{quote(path)} is kept for drafts: "{DRAFT_FOLDER}" cannot come first'
    if path.casefold().endswith(_EXTENSIONS):
        return f"{quote(path)} must be without extension: format gives it"
    return ""


_KINDS = "soundgraph kinds lists them"


def _wrong_kind(table: Mapping[str, Any]) -> tuple[str, str]:
    known = kind_names()
    if "kind" not in table:
        return "kind is missing", _KINDS
    name = table["kind"]
    if not isinstance(name, str):
        return f"kind must be a string, not {validation_words.kind_of(name)}", ""
    close = did_you_mean(name, known)
    return f"unknown kind {quote(name)}{close}", "" if close else _KINDS


def _fields(written: Written) -> set[str]:
    """The fields that a node may be overridden in."""
    kind = written.table.get("kind") if isinstance(written.table, Mapping) else None
    if not isinstance(kind, str) or kind not in kind_names():
        return {"kind"}
    return {"kind", *get_kind(kind).params.model_fields}


def _beside(entry: str, start: Path) -> Iterator[str]:
    """What stands beside the file that `entry` names from `start`, spelled as `entry` is.

    Without such a folder, it is what stands in the one that must have been meant.
    """
    folder, slash, _ = entry.rpartition("/")
    place = path_names.spelled(Path(os.path.normpath(start / folder)))
    if folder.strip("./") and not place.is_dir():
        folder = closest(folder, _beside(folder, start))
        if not folder:
            return
        place = start / folder
    with contextlib.suppress(OSError):
        yield from (f"{folder}{slash}{name}" for name in sorted(os.listdir(place)))  # noqa: PTH208


def _stem(sheet: Sheet) -> str:
    # Composed: a name of letters and accents apart, as macOS once gave them to files, is no name of a node.
    return unicodedata.normalize("NFC", sheet.path.stem) if sheet.path else "scene"
