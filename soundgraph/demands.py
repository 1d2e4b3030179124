"""[[checks]] and [manifests.*] of a scene: what is demanded of its sounds, and what game engines are told of them.

Both are about nodes and exports that are known by then; each function returns what is valid, and notes down the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import Field, ValidationError

from soundgraph import engines, paths, takes, wording
from soundgraph.checks import Check
from soundgraph.errors import did_you_mean, one_of, quote
from soundgraph.kinds import Params
from soundgraph.scene import EngineManifest, Export, Origin, SceneCheck
from soundgraph.wording import Keys

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
    table: Any, file: str, nodes: Mapping[str, Any], exports: Mapping[str, Export | None], wrong: Wrong
) -> tuple[SceneCheck, ...]:
    """table: what stands under `checks`. nodes, exports: of the scene, each take for itself; None where it is not known
    how many takes it has, for a mistake elsewhere."""
    if not isinstance(table, list):
        wrong(("checks",), "checks", f"must be a list of tables, not {wording.kind_of(table)}", "write [[checks]]")
        return ()
    found = []
    for place, entry in enumerate(table):
        keys, where = ("checks", place), f"checks[{place}]"
        if not isinstance(entry, Mapping):
            wrong(keys, where, f"must be a table, not {wording.kind_of(entry)}", "")
            continue
        try:
            settings = Check.model_validate(dict(entry))
        except ValidationError as error:
            for inner, what in wording.explain(error, Check, entry):
                wrong((*keys, *inner), where, what, "")
            continue
        field = "node" if settings.node is not None else "export"
        known: Mapping[str, Any] = nodes if settings.node is not None else exports
        asked = settings.node or settings.export or ""
        names = _of(asked, known)
        if names:
            found.append(SceneCheck(settings, names, place, Origin(file, keys)))
        else:
            wrong((*keys, field), where, f"{field} {_unknown(asked, known, field)}", "")
    return tuple(found)


def read_manifests(
    table: Any, file: str, exports: Mapping[str, Export | None], wrong: Wrong, wrong_path: Callable[[str], str]
) -> tuple[EngineManifest, ...]:
    """table: what stands under `manifests`. wrong_path: what is wrong with a path under the build folder."""
    if not isinstance(table, Mapping):
        wrong(("manifests",), "manifests", f"must be a table, not {wording.kind_of(table)}", "")
        return ()
    found = []
    for name, entry in table.items():
        keys, where = ("manifests", name), f"manifests.{name}"
        mistakes: list[tuple[Keys, str, str]] = []
        manifest = _manifest(str(name), entry, file, exports, mistakes, wrong_path)
        for inner, what, hint in mistakes:
            wrong((*keys, *inner), where, what, hint)
        if manifest is not None and not mistakes:
            found.append(manifest)
    return tuple(found)


def _manifest(
    name: str,
    entry: Any,
    file: str,
    exports: Mapping[str, Export | None],
    mistakes: list[tuple[Keys, str, str]],
    wrong_path: Callable[[str], str],
) -> EngineManifest | None:
    if not isinstance(entry, Mapping):
        mistakes.append(((), f"must be a table, not {wording.kind_of(entry)}", ""))
        return None
    if not paths.is_name(name):
        mistakes.append(((), f"{quote(name)} {paths.NAME_RULE}", ""))
    known = engines.names()
    engine = entry.get("engine")
    if not isinstance(engine, str) or engine not in known:
        if "engine" not in entry:
            mistakes.append(((), "engine is missing", f"it is {one_of(known)}"))
        elif isinstance(engine, str):
            mistakes.append((("engine",), f"unknown engine {quote(engine)}{did_you_mean(engine, known)}", ""))
        else:
            mistakes.append((("engine",), f"engine must be a string, not {wording.kind_of(engine)}", ""))
        return None
    model = engines.get(engine).params
    fields = {**ManifestSettings.model_fields, **model.model_fields}
    mistakes += [((key,), wording.unknown_field(key, fields), "") for key in entry if key not in fields]
    checked = _valid(ManifestSettings, entry, mistakes)
    params = _valid(model, entry, mistakes)
    if checked is None or params is None:
        return None
    path = name if checked.path is None else checked.path
    fault = wrong_path(path)
    if not fault and takes.has_place(path):
        fault = f"{quote(path)} has a place for a take, and a manifest is about all of them"
    if fault:
        mistakes.append((("path",) if checked.path is not None else (), f"path {fault}", ""))
    chosen: dict[str, None] = {}
    for place, asked in enumerate(checked.exports if checked.exports is not None else ()):
        names = _of(asked, exports)
        if not names:
            mistakes.append((("exports", place), f"exports[{place}] {_unknown(asked, exports, 'export')}", ""))
        chosen.update(dict.fromkeys(names))
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
    return EngineManifest(name, engine, params, tuple(chosen), path, Origin(file, ("manifests", name)))


def _valid(model: type[Params], table: Mapping[str, Any], mistakes: list[tuple[Keys, str, str]]) -> Any:
    table = {key: value for key, value in table.items() if key in model.model_fields}
    try:
        return model.model_validate(table)
    except ValidationError as error:
        mistakes += [(inner, what, "") for inner, what in wording.explain(error, model, table)]
        return None


def _of(asked: str, names: Mapping[str, Any]) -> tuple[str, ...]:
    """The takes of `names` that are meant by "step" (all of them) or "step#2"."""
    base, take = takes.split(asked)
    if take is not None and names.get(base, "") is None:
        return (base,)
    if take == "1":
        return tuple(name for name in names if name == base)
    return tuple(name for name in names if name == asked or (take is None and takes.split(name)[0] == base))


def _unknown(asked: str, names: Iterable[str], what: str) -> str:
    known = list(names)
    base = takes.split(asked)[0]
    if base in known:
        count = sum(takes.split(name)[0] == base for name in known)
        return f"{quote(asked)} is not there: {quote(base)} has {count} take{'s' * (count != 1)}"
    article = "an" if what == "export" else "a"
    return f"{quote(asked)} is not {article} {what}{did_you_mean(asked, known)}"
