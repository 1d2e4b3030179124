"""The project: what `soundgraph.toml` says, and what holds where it says nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from soundgraph.backends import Model, Pin, Sources
from soundgraph.core import path_names, toml_document, toml_lines, validation_words
from soundgraph.core.errors import Mistake, Mistakes, SceneError, UsageError, did_you_mean, one_of, quote
from soundgraph.core.files import STATE_FOLDER
from soundgraph.core.params import Params
from soundgraph.core.path_names import is_spelled_as_path
from soundgraph.core.toml_document import MistakeSink, Sheet
from soundgraph.project import lockfile, model_names, root
from soundgraph.project.default_tables import check_defaults
from soundgraph.project.lockfile import Take
from soundgraph.project.settings_tables import (
    TABLES,
    BuildSettings,
    CacheSettings,
    NamedModel,
    PolicySettings,
    ProjectSettings,
    n_bytes,
)

WEIGHTS_DIR = "SOUNDGRAPH_WEIGHTS_DIR"
"""An environment variable that stands for [build] weights_dir: weights lie elsewhere on each machine."""

POLICIES = ("commercial",)
"""What --policy, and [policy] require, may ask for."""

NAMES = ("models", *TABLES, "defaults")
"""The tables of a soundgraph.toml."""


@dataclass(frozen=True)
class Project:
    """A project's settings."""

    root: Path
    """Absolute."""
    models: Mapping[str, str] = field(default_factory=lambda: dict(model_names.BUILT_IN))
    """Logical names to ids of models."""
    project: ProjectSettings = field(default_factory=lambda: ProjectSettings.model_validate({}))
    cache: CacheSettings = field(default_factory=lambda: CacheSettings.model_validate({}))
    build: BuildSettings = field(default_factory=lambda: BuildSettings.model_validate({}))
    policy: PolicySettings = field(default_factory=lambda: PolicySettings.model_validate({}))
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By kind, as they were written, checked."""
    sheet: Sheet | None = None
    read: tuple[Path, ...] = ()
    """The files that were read for it, or looked for and absent."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """Of `soundgraph.lock`, by the id of the model."""
    takes: Mapping[str, Take] = field(default_factory=dict)
    """Of `soundgraph.lock`, by the id of the node."""
    licences: Mapping[str, str] = field(default_factory=dict)
    """By the id of a model, where [models] states one."""
    weights_root: Path | None = None
    """What the folders of weights are relative to, where it is not the root."""

    def under(self, policy: str | None) -> Project:
        """The same project with what `--policy` asks for beside what it asks for itself. Raises UsageError."""
        if policy is None:
            return self
        if policy not in POLICIES:
            raise UsageError(f"there is no policy {quote(policy)}", f"there is {one_of(POLICIES)}")
        return replace(self, policy=self.policy.model_copy(update={"require": policy}))

    def licensed(self, model: Model) -> Model:
        """The model with the licence that [models] states for its folder, however that is spelled."""
        if model.draft or model.licence:
            return model
        folder = os.path.normpath(self.root / model.id)
        for model_id, licence in self.licences.items():
            if os.path.normpath(self.root / model_id) == folder:
                return replace(model, licence=licence)
        return model

    @property
    def sources(self) -> Sources:
        """Where its weights come from."""
        given = os.environ.get(WEIGHTS_DIR) or self.build.weights_dir
        base = self.weights_root or self.root
        return Sources(base, base / given if given else None, self.pins)

    @property
    def cache_dir(self) -> Path:
        return self.root / self.cache.dir

    @property
    def output_dir(self) -> Path:
        return self.root / self.build.output

    def delivers_into(self, path: Path) -> bool:
        """Whether a file lies where files are delivered: below the output folder, on any system that a team works on.

        By its name and by where links lead. path: absolute.
        """
        output, real = self._outputs
        return path_names.is_below(os.path.normpath(path), output) or path_names.is_below(os.path.realpath(path), real)

    @cached_property
    def _outputs(self) -> tuple[str, str]:
        return os.path.normpath(self.output_dir), os.path.realpath(self.output_dir)

    @property
    def memory_budget_bytes(self) -> int | None:
        return n_bytes(self.build.memory_budget)

    @property
    def max_cache_bytes(self) -> int | None:
        return n_bytes(self.cache.max_size)


def find_root(start: Path) -> Path:
    """The root of the project that `start`, a scene or a folder, belongs to; see `root.find_root`."""
    return Path(root.find_root(str(start)))


def load_project(folder: Path) -> Project:
    """The project at `folder`, with or without a soundgraph.toml.

    Raises SceneError with all its mistakes; UsageError for a link in it through which soundgraph would write elsewhere.
    """
    folder = folder.absolute()
    project = _project(folder)
    _refuse_links(project)
    return project


def _refuse_links(project: Project) -> None:
    """A link may come with somebody else's tree, and what is written through it lands where its owner never looked."""
    if (project.root / STATE_FOLDER).is_symlink():
        hint = f"remove the link; the state of builds lies in {STATE_FOLDER} itself"
        raise UsageError(f"{STATE_FOLDER} is a link, and soundgraph writes nothing through it", hint)
    for link in _links(project.root / STATE_FOLDER):
        what = f"{toml_document.display(link, project.root)} is a link, and soundgraph writes nothing through it"
        raise UsageError(what, "remove the link")
    inside = not Path(project.cache.dir).is_absolute()
    real = path_names.real(project.cache_dir)
    if inside and not real.is_relative_to(path_names.real(project.root)):
        hint = f'if that is meant, let {root.PROJECT_FILE} name the folder: [cache] dir = "{real.as_posix()}"'
        raise UsageError(f"the cache, {project.cache.dir}, is behind a link that leads out of the project", hint)
    for link in _links(project.cache_dir, depth=1) if inside else ():
        if not path_names.real(link).is_relative_to(real):
            what = f"{toml_document.display(link, project.root)} is a link that leads out of the cache"
            raise UsageError(what, "remove the link; what it led to is made again")


def _links(folder: Path, depth: int = 0) -> Iterator[Path]:
    """The links in a folder, and in folders in it; none where it may not be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry.path)
            elif depth and entry.is_dir():
                yield from _links(Path(entry.path), depth - 1)


def _project(folder: Path) -> Project:
    path, lock_path = folder / root.PROJECT_FILE, folder / lockfile.LOCK_FILE
    locked, read = lockfile.read(lock_path), (path, lock_path)
    if not os.path.lexists(path):
        return Project(folder, read=read, pins=locked.models, takes=locked.takes)
    sheet = toml_document.read(path, root.PROJECT_FILE)
    mistakes = Mistakes()
    for name in sheet.table:
        if name not in NAMES:
            mistakes.append(sheet.mistake((name,), "", f"unknown table {quote(name)}{did_you_mean(name, NAMES)}"))
    settings: dict[str, Any] = {
        name: _settings(sheet, name, model, mistakes) for name, model in TABLES.items() if name in sheet.table
    }
    logical, licences = _models(sheet, mistakes)
    defaults = check_defaults(sheet.table.get("defaults", {}), MistakeSink(sheet, mistakes))
    if not mistakes:
        mistakes += _overlap(sheet, Project(folder, **settings), logical)
    if mistakes:
        raise SceneError(mistakes)
    return Project(
        folder,
        logical,
        defaults=defaults,
        sheet=sheet,
        read=read,
        pins=locked.models,
        takes=locked.takes,
        licences=licences,
        **settings,
    )


def _settings(sheet: Sheet, name: str, model: type[Params], mistakes: list[Mistake]) -> Params | None:
    try:
        return model.model_validate(sheet.table[name])
    except ValidationError as error:
        if not isinstance(sheet.table[name], dict):
            what = f"must be a table, not {validation_words.kind_of(sheet.table[name])}"
            mistakes.append(sheet.mistake((name,), name, what))
        else:
            for keys, what in validation_words.explain(error, model, sheet.table[name]):
                mistakes.append(sheet.mistake((name, *keys), name, what))
        return None


def _models(sheet: Sheet, mistakes: list[Mistake]) -> tuple[dict[str, str], dict[str, str]]:
    """The logical names: the built-in ones, and those of [models]; and the licences of folders, by id."""
    table = sheet.table.get("models", {})
    logical, licences = dict(model_names.BUILT_IN), dict[str, str]()
    if not isinstance(table, dict):
        mistakes.append(sheet.mistake(("models",), "models", f"must be a table, not {validation_words.kind_of(table)}"))
        return logical, licences
    for name, value in table.items():
        wrong = _wrong_entry(name, value)
        if not wrong:
            entry = NamedModel.model_validate({"model": value} if isinstance(value, str) else value)
            logical[name] = entry.model
            if entry.license is not None and licences.setdefault(entry.model, entry.license) != entry.license:
                wrong = [(("license",), f"{name}: license differs from that of another name for {quote(entry.model)}")]
        mistakes += [sheet.mistake(("models", name, *keys), "models", what) for keys, what in wrong]
    return logical, licences


def _wrong_entry(name: str, value: Any) -> list[tuple[toml_lines.Keys, str]]:
    """What is wrong with an entry of [models], and where in it."""
    if not path_names.is_name(name):
        return [((), f"{quote(name)} {path_names.NAME_RULE}")]
    if not isinstance(value, str | dict):
        return [((), f"{name} must be a string, not {validation_words.kind_of(value)}")]
    try:
        entry = NamedModel.model_validate({"model": value} if isinstance(value, str) else value)
    except ValidationError as error:
        table = value if isinstance(value, dict) else {"model": value}
        return [(keys, f"{name}: {what}") for keys, what in validation_words.explain(error, NamedModel, table)]
    if is_spelled_as_path(entry.model):
        return []  # whether it can be used is asked of the nodes that use it
    try:
        model = model_names.resolve(entry.model, {})
    except model_names.UnknownModelError as error:
        return [((), "; ".join(filter(None, (f"{name} {error}", error.hint))))]
    if entry.license is None:
        return []
    known = f"the weights are {model.licence}" if model.licence else "there are no weights"
    what = f"{name}: license is for the folder of a checkpoint; of {quote(model.id)} {known}"
    return [(("license",), what)]


def _overlap(sheet: Sheet, project: Project, folders: Mapping[str, str]) -> list[Mistake]:
    """Output, cache and scenes may not lie in one another: soundgraph removes files of its own from the first two.
    Nor may weights lie in the output folder.

    folders: the logical names of models, and their ids.
    """
    output, cache, scenes = project.output_dir, project.cache_dir, project.root / root.GRAPHS
    output_field = (("build", "output"), f"output {quote(project.build.output)}", "exports")
    cache_field = (("cache", "dir"), f"dir {quote(project.cache.dir)}", "cache")
    # Of the two, the one that is written out is the one to change.
    first, second = (
        (cache_field, output_field) if "dir" in project.cache.model_fields_set else (output_field, cache_field)
    )
    for a, b, (keys, words, _), other in (
        (output, cache, first, second[2]),
        (output, scenes, output_field, "scenes"),
        (cache, scenes, cache_field, "scenes"),
    ):
        here, there = os.path.normpath(a), os.path.normpath(b)
        if path_names.is_below(here, there) or path_names.is_below(there, here):
            return [sheet.mistake(keys, keys[0], f"{words} overlaps the folder of the {other}")]
    lies = f"lies in the output folder, {project.build.output}/"
    given = project.build.weights_dir
    overlaps = []
    if given is not None and project.delivers_into(project.root / given):
        overlaps.append(sheet.mistake(("build", "weights_dir"), "build", f"weights_dir {quote(given)} {lies}"))
    for name, model_id in folders.items():
        if is_spelled_as_path(model_id) and project.delivers_into(project.root / model_id):
            overlaps.append(sheet.mistake(("models", name), "models", f"{name}: {quote(model_id)} {lies}"))
    return overlaps
