"""[[checks]] and [manifests.*] of a scene: what is demanded of its sounds, and what game engines are told of them.

Both are about nodes and exports that are known by then; each function returns what is valid, and notes down the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from pydantic import Field, ValidationError

from soundgraph import engines
from soundgraph.core import path_names, validation_words
from soundgraph.core.errors import Hints, NodeError, did_you_mean, one_of, quote
from soundgraph.core.params import Params
from soundgraph.core.toml_document import MistakeSink
from soundgraph.engines import ENGINES, Handout, Sound
from soundgraph.scene.reading import variations
from soundgraph.scene.tables.check_settings import Check
from soundgraph.scene.tables.scene import EngineManifest, Export, Origin, SceneCheck

MAX_CHECKS = 20_000
MAX_MANIFESTS = 200


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
    nodes: Mapping[str, Any],
    exports: Mapping[str, Export | None],
    sink: MistakeSink,
    hints: Hints,
) -> tuple[SceneCheck, ...]:
    """table: what stands under `checks`. sink: of the file. nodes, exports: of the scene, each take for itself; None
    where it is not known how many takes it has, for a mistake elsewhere."""
    all_checks = sink.table(("checks",), "checks")
    if not isinstance(table, list):
        all_checks.wrong((), f"must be a list of tables, not {validation_words.kind_of(table)}", "write [[checks]]")
        return ()
    if len(table) > MAX_CHECKS:
        all_checks.wrong((), f"are {len(table):,}; a scene may have {MAX_CHECKS:,}")
        return ()
    known = {"node": _Names("node", nodes, hints), "export": _Names("export", exports, hints)}
    checks = []
    for place, entry in enumerate(table):
        keys = ("checks", place)
        own = sink.table(keys, f"checks[{place}]")
        if not isinstance(entry, Mapping):
            own.wrong((), f"must be a table, not {validation_words.kind_of(entry)}")
            continue
        try:
            settings = Check.model_validate(dict(entry))
        except ValidationError as error:
            for inner, what in validation_words.explain(error, Check, entry):
                own.wrong(inner, what)
            continue
        field = "node" if settings.node is not None else "export"
        asked = settings.node or settings.export or ""
        names = known[field].meant_by(asked)
        if names:
            checks.append(SceneCheck(settings, names, place, Origin(sink.sheet.file, keys)))
        else:
            own.wrong((field,), f"{field} {known[field].unknown(asked)}")
    return tuple(checks)


def read_manifests(
    table: Any,
    scene_id: str,
    exports: Mapping[str, Export | None],
    sink: MistakeSink,
    hints: Hints,
    wrong_path: Callable[[str], str],
) -> tuple[EngineManifest, ...]:
    """table: what stands under `manifests`. sink: of the file. wrong_path: what is wrong with a path under the build
    folder."""
    all_manifests = sink.table(("manifests",), "manifests")
    if not isinstance(table, Mapping):
        all_manifests.wrong((), f"must be a table, not {validation_words.kind_of(table)}")
        return ()
    if len(table) > MAX_MANIFESTS:
        all_manifests.wrong((), f"are {len(table):,}; a scene may have {MAX_MANIFESTS:,}")
        return ()
    known = _Names("export", exports, hints)
    manifests = []
    for name, entry in table.items():
        own = sink.table(("manifests", name), f"manifests.{name}")
        before = sink.count
        manifest = _manifest(str(name), entry, scene_id, exports, known, own, wrong_path)
        if manifest is not None and sink.count == before:
            manifests.append(manifest)
    return tuple(manifests)


def _manifest(
    name: str,
    entry: Any,
    scene_id: str,
    exports: Mapping[str, Export | None],
    names: _Names,
    sink: MistakeSink,
    wrong_path: Callable[[str], str],
) -> EngineManifest | None:
    """sink: of its own table."""
    if not isinstance(entry, Mapping):
        sink.wrong((), f"must be a table, not {validation_words.kind_of(entry)}")
        return None
    before = sink.count
    if not path_names.is_name(name):
        sink.wrong((), f"{quote(name)} {path_names.NAME_RULE}")
    engine = _engine(entry, sink)
    if engine is None:
        return None
    model = engines.get(engine).params
    fields = {**ManifestSettings.model_fields, **model.model_fields}
    for key in entry:
        if key not in fields:
            sink.wrong((key,), validation_words.unknown_field(key, fields))
    checked = _valid(ManifestSettings, entry, sink)
    params = _valid(model, entry, sink)
    if checked is None or params is None:
        return None
    path = name if checked.path is None else checked.path
    fault = wrong_path(path)
    if not fault and variations.has_place(path):
        fault = f"{quote(path)} has a place for a take, and a manifest is about all of them"
    if fault:
        sink.wrong(("path",) if checked.path is not None else (), f"path {fault}")
    chosen = _chosen(checked.exports, exports, names, sink)
    _refuse_formats(engine, filter(None, map(exports.get, chosen)), sink)
    origin = Origin(sink.sheet.file, ("manifests", name))
    manifest = EngineManifest(name, engine, params, chosen, path, origin)
    about = [exports.get(export) for export in chosen]
    known_exports = [export for export in about if export is not None]
    if sink.count > before or len(known_exports) < len(about):  # nobody knows yet what it is about
        return manifest
    return _with_files(manifest, scene_id, known_exports, sink)


def _engine(entry: Mapping[str, Any], sink: MistakeSink) -> str | None:
    """The engine that a manifest is for; None, and told, where there is none that can be used."""
    engine = entry.get("engine")
    if not isinstance(engine, str) or not ENGINES.has(engine):
        if "engine" not in entry:
            sink.wrong((), "engine is missing", f"it is {one_of(ENGINES.names())}")
        elif isinstance(engine, str):
            sink.wrong(("engine",), f"unknown engine {quote(engine)}{did_you_mean(engine, ENGINES.names())}")
        else:
            sink.wrong(("engine",), f"engine must be a string, not {validation_words.kind_of(engine)}")
        return None
    if (refusal := ENGINES.refusal(engine)) is not None:
        sink.wrong(("engine",), refusal.what, refusal.hint)
        return None
    return engine


def _chosen(
    asked: Sequence[str] | None, exports: Mapping[str, Export | None], names: _Names, sink: MistakeSink
) -> tuple[str, ...]:
    """The names of the exports that a manifest is about, each once; all of the scene's where it names none."""
    if asked is None:
        if not exports:
            sink.wrong((), "has nothing to tell of: the scene has no exports")
        return tuple(exports)
    chosen: dict[str, None] = {}
    places: dict[str, int] = {}  # each once: one that is named again adds nothing, and may mean a thousand takes
    for place, name in enumerate(asked):
        places.setdefault(name, place)
    for name, place in places.items():
        meant = names.meant_by(name)
        if not meant:
            sink.wrong(("exports", place), f"exports[{place}] {names.unknown(name)}")
        chosen.update(dict.fromkeys(meant))
    return tuple(chosen)


def _refuse_formats(engine: str, exports: Iterable[Export], sink: MistakeSink) -> None:
    """Tells of each export in no format that the engine imports."""
    imported = engines.get(engine).formats
    for export in exports:
        if imported and export.take in (None, 1) and not set(export.settings.formats) & set(imported):
            formats = one_of(export.settings.formats)
            what = f"{engine} imports {one_of(imported)}, and exports.{export.name} is {formats}"
            sink.wrong((), what, f'add "{imported[0]}" to its format')


def _with_files(manifest: EngineManifest, scene_id: str, about: list[Export], sink: MistakeSink) -> EngineManifest:
    """The manifest with what it delivers and makes, by the names of its sounds alone."""
    engine = engines.get(manifest.engine)
    try:
        sounds = engines.choose(manifest.engine, [sound for export in about for sound in sounds_of(scene_id, export)])
        handout = Handout(manifest.params, manifest.path, sounds)
        files = engine.names(handout)
    except NodeError as error:
        sink.wrong((), str(error))
        return manifest
    for name in files:
        if wrong := path_names.wrong_with(name):
            sink.wrong((), f"cannot deliver {quote(name)}: {wrong}")
    return replace(manifest, files=tuple(files), makes=tuple(engine.makes(handout)))


def sounds_of(scene_id: str, export: Export) -> list[Sound]:
    """The files of an export as an engine sees them, of which nothing is known but their names."""
    id_ = f"{scene_id}:{export.base}"
    return [
        Sound(file, export.base, export.take, format_, {}, id_)
        for format_, file in zip(export.settings.formats, export.files(), strict=True)
    ]


def _valid(model: type[Params], table: Mapping[str, Any], sink: MistakeSink) -> Any:
    table = {key: value for key, value in table.items() if key in model.model_fields}
    try:
        return model.model_validate(table)
    except ValidationError as error:
        for inner, what in validation_words.explain(error, model, table):
            sink.wrong(inner, what)
        return None


class _Names:
    """The nodes or the exports of a scene, as they may be asked for: "step" means all takes of it, "step#2" the second.

    known: None where it is not known how many takes one has.
    """

    def __init__(self, what: str, known: Mapping[str, Any], hints: Hints):
        self._what, self._known, self._hints = what, known, hints

    @cached_property
    def _takes(self) -> dict[str, tuple[str, ...]]:
        variation_names: dict[str, list[str]] = {}
        for name in self._known:
            variation_names.setdefault(variations.split(name)[0], []).append(name)
        return {base: tuple(names) for base, names in variation_names.items()}

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
