"""[[checks]] and [manifests.*] of a scene: what is demanded of its sounds, and what game engines are told of them.

Both are about nodes and exports that are known by then; each function returns what is valid, and notes down the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from pydantic import Field, ValidationError

from soundgraph import engines
from soundgraph.core import path_names, validation_words
from soundgraph.core.errors import Hints, NodeError, did_you_mean, one_of, quote
from soundgraph.core.params import Params
from soundgraph.core.validation_words import Keys
from soundgraph.engines import Handout, Sound
from soundgraph.scene.reading import variations
from soundgraph.scene.tables.check_settings import Check
from soundgraph.scene.tables.scene import EngineManifest, Export, Origin, SceneCheck

MAX_CHECKS = 20_000
MAX_MANIFESTS = 200

Wrong = Callable[[Keys, str, str, str], None]
"""Notes a mistake down: its keys in the file, the table it is in, what is wrong, what to do."""


class ManifestSettings(Params):
    """What every [manifests.<name>] table may say, beside the fields of its engine."""

    engine: str = Field(description="which engine it is for: the name of a page of docs/engines/")
    exports: list[str] | None = Field(
        None, min_length=1, max_length=10_000, description="the exports it is about; all of the scene if not given"
    )
    path: str | None = Field(
        None, description="where under the build folder, without extension; the manifest's name if not given"
    )


def read_checks(
    table: Any,
    file: str,
    nodes: Mapping[str, Any],
    exports: Mapping[str, Export | None],
    wrong: Wrong,
    hints: Hints,
) -> tuple[SceneCheck, ...]:
    """table: what stands under `checks`. nodes, exports: of the scene, each take for itself; None where it is not known
    how many takes it has, for a mistake elsewhere."""
    if not isinstance(table, list):
        wrong(
            ("checks",),
            "checks",
            f"must be a list of tables, not {validation_words.kind_of(table)}",
            "write [[checks]]",
        )
        return ()
    if len(table) > MAX_CHECKS:
        wrong(("checks",), "checks", f"are {len(table):,}; a scene may have {MAX_CHECKS:,}", "")
        return ()
    known = {"node": _Names("node", nodes, hints), "export": _Names("export", exports, hints)}
    found = []
    for place, entry in enumerate(table):
        keys, where = ("checks", place), f"checks[{place}]"
        if not isinstance(entry, Mapping):
            wrong(keys, where, f"must be a table, not {validation_words.kind_of(entry)}", "")
            continue
        try:
            settings = Check.model_validate(dict(entry))
        except ValidationError as error:
            for inner, what in validation_words.explain(error, Check, entry):
                wrong((*keys, *inner), where, what, "")
            continue
        field = "node" if settings.node is not None else "export"
        asked = settings.node or settings.export or ""
        names = known[field].meant_by(asked)
        if names:
            found.append(SceneCheck(settings, names, place, Origin(file, keys)))
        else:
            wrong((*keys, field), where, f"{field} {known[field].unknown(asked)}", "")
    return tuple(found)


def read_manifests(
    table: Any,
    file: str,
    scene_id: str,
    exports: Mapping[str, Export | None],
    wrong: Wrong,
    hints: Hints,
    wrong_path: Callable[[str], str],
) -> tuple[EngineManifest, ...]:
    """table: what stands under `manifests`. wrong_path: what is wrong with a path under the build folder."""
    if not isinstance(table, Mapping):
        wrong(("manifests",), "manifests", f"must be a table, not {validation_words.kind_of(table)}", "")
        return ()
    if len(table) > MAX_MANIFESTS:
        wrong(("manifests",), "manifests", f"are {len(table):,}; a scene may have {MAX_MANIFESTS:,}", "")
        return ()
    known = _Names("export", exports, hints)
    found = []
    for name, entry in table.items():
        keys, where = ("manifests", name), f"manifests.{name}"
        mistakes: list[tuple[Keys, str, str]] = []
        manifest = _manifest(str(name), entry, file, scene_id, exports, known, mistakes, wrong_path)
        for inner, what, hint in mistakes:
            wrong((*keys, *inner), where, what, hint)
        if manifest is not None and not mistakes:
            found.append(manifest)
    return tuple(found)


def _manifest(
    name: str,
    entry: Any,
    file: str,
    scene_id: str,
    exports: Mapping[str, Export | None],
    names: _Names,
    mistakes: list[tuple[Keys, str, str]],
    wrong_path: Callable[[str], str],
) -> EngineManifest | None:
    if not isinstance(entry, Mapping):
        mistakes.append(((), f"must be a table, not {validation_words.kind_of(entry)}", ""))
        return None
    if not path_names.is_name(name):
        mistakes.append(((), f"{quote(name)} {path_names.NAME_RULE}", ""))
    known = engines.names()
    engine = entry.get("engine")
    if not isinstance(engine, str) or engine not in known:
        if "engine" not in entry:
            mistakes.append(((), "engine is missing", f"it is {one_of(known)}"))
        elif isinstance(engine, str):
            mistakes.append((("engine",), f"unknown engine {quote(engine)}{did_you_mean(engine, known)}", ""))
        else:
            mistakes.append((("engine",), f"engine must be a string, not {validation_words.kind_of(engine)}", ""))
        return None
    model = engines.get(engine).params
    fields = {**ManifestSettings.model_fields, **model.model_fields}
    mistakes += [((key,), validation_words.unknown_field(key, fields), "") for key in entry if key not in fields]
    checked = _valid(ManifestSettings, entry, mistakes)
    params = _valid(model, entry, mistakes)
    if checked is None or params is None:
        return None
    path = name if checked.path is None else checked.path
    fault = wrong_path(path)
    if not fault and variations.has_place(path):
        fault = f"{quote(path)} has a place for a take, and a manifest is about all of them"
    if fault:
        mistakes.append((("path",) if checked.path is not None else (), f"path {fault}", ""))
    chosen: dict[str, None] = {}
    places: dict[str, int] = {}  # each once: one that is named again adds nothing, and may mean a thousand takes
    for place, asked in enumerate(checked.exports if checked.exports is not None else ()):
        places.setdefault(asked, place)
    for asked, place in places.items():
        meant = names.meant_by(asked)
        if not meant:
            mistakes.append((("exports", place), f"exports[{place}] {names.unknown(asked)}", ""))
        chosen.update(dict.fromkeys(meant))
    if checked.exports is None:
        chosen.update(dict.fromkeys(exports))
        if not exports:
            mistakes.append(((), "has nothing to tell of: the scene has no exports", ""))
    imported = engines.get(engine).formats
    for export in filter(None, map(exports.get, chosen)):
        if export.take in (None, 1) and not set(export.settings.formats) & set(imported):
            what = (
                f"{engine} imports {one_of(imported)}, and exports.{export.name} is {one_of(export.settings.formats)}"
            )
            mistakes.append(((), what, f'add "{imported[0]}" to its format'))
    manifest = EngineManifest(name, engine, params, tuple(chosen), path, Origin(file, ("manifests", name)))
    about = [exports.get(each) for each in chosen]
    known_exports = [export for export in about if export is not None]
    if mistakes or len(known_exports) < len(about):  # nobody knows yet what it is about
        return manifest
    return _with_files(manifest, scene_id, known_exports, mistakes)


def _with_files(
    manifest: EngineManifest, scene_id: str, about: list[Export], mistakes: list[tuple[Keys, str, str]]
) -> EngineManifest:
    """The manifest with what it delivers and makes, by the names of its sounds alone."""
    engine = engines.get(manifest.engine)
    try:
        sounds = engines.choose(manifest.engine, [sound for export in about for sound in sounds_of(scene_id, export)])
        handout = Handout(manifest.params, manifest.path, sounds)
        files = engine.names(handout)
    except NodeError as error:
        mistakes.append(((), str(error), ""))
        return manifest
    mistakes += [
        ((), f"cannot deliver {quote(name)}: {wrong}", "") for name in files if (wrong := path_names.wrong_with(name))
    ]
    return replace(manifest, files=tuple(files), makes=tuple(engine.makes(handout)))


def sounds_of(scene_id: str, export: Export) -> list[Sound]:
    """The files of an export as an engine sees them, of which nothing is known but their names."""
    id_ = f"{scene_id}:{export.base}"
    return [
        Sound(file, export.base, export.take, format_, {}, id_)
        for format_, file in zip(export.settings.formats, export.files(), strict=True)
    ]


def _valid(model: type[Params], table: Mapping[str, Any], mistakes: list[tuple[Keys, str, str]]) -> Any:
    table = {key: value for key, value in table.items() if key in model.model_fields}
    try:
        return model.model_validate(table)
    except ValidationError as error:
        mistakes += [(inner, what, "") for inner, what in validation_words.explain(error, model, table)]
        return None


class _Names:
    """The nodes or the exports of a scene, as they may be asked for: "step" means all takes of it, "step#2" the second.

    known: None where it is not known how many takes one has.
    """

    def __init__(self, what: str, known: Mapping[str, Any], hints: Hints):
        self._what, self._known, self._hints = what, known, hints

    @cached_property
    def _takes(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name in self._known:
            found.setdefault(variations.split(name)[0], []).append(name)
        return {base: tuple(names) for base, names in found.items()}

    def meant_by(self, asked: str) -> tuple[str, ...]:
        """Empty for what is not there."""
        base, take = variations.split(asked)
        if take is None:
            return self._takes.get(asked, ())
        if self._known.get(base, "") is None:
            return (base,)
        name = base if take == "1" else asked
        return (name,) if name in self._known else ()

    def unknown(self, asked: str) -> str:
        base = variations.split(asked)[0]
        if base in self._known:
            count = len(self._takes[base])
            return f"{quote(asked)} is not there: {quote(base)} has {count} take{'s' * (count != 1)}"
        article = "an" if self._what == "export" else "a"
        return f"{quote(asked)} is not {article} {self._what}{self._hints(asked, self._known)}"
