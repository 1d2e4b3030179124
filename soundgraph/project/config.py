"""The project: what `soundgraph.toml` says, and what holds where it says nothing."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from soundgraph import backends
from soundgraph.backends import Model, Pin, Sources
from soundgraph.core import path_names, toml_document, toml_lines, validation_words
from soundgraph.core.errors import Mistake, Mistakes, SceneError, UsageError, did_you_mean, one_of, quote
from soundgraph.core.files import STATE_FOLDER
from soundgraph.core.params import Params, file_fields, reference_fields
from soundgraph.core.toml_document import MistakeSink, Sheet
from soundgraph.core.units import parse_bytes
from soundgraph.nodes import KINDS, get_kind
from soundgraph.project import lockfile, model_names, node_fields, root
from soundgraph.project.lockfile import Take


def _checked_size(value: object, example: str) -> object:
    """A size as it may be written. Raises ValueError for what is none."""
    if isinstance(value, str):
        if parse_bytes(value) < 1:
            raise ValueError("must be over 0")
    elif isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a size such as {quote(example)}, or a number of bytes")
    elif value < 1:
        raise ValueError(f"must be over 0, not {value}")
    return value


def _n_bytes(size: str | int | None) -> int | None:
    return parse_bytes(size) if isinstance(size, str) else size


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class ProjectSettings(Params):
    """What the project is."""

    id: str | None = Field(
        None,
        description="by what a cache knows the project beside its folder: one that is checked out anew for each build, "
        "or mounted where others are, is the same; random, in .soundgraph/, if not given",
    )

    @field_validator("id")
    @classmethod
    def _id_is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not _ID.fullmatch(value):
            raise ValueError(
                "takes letters, digits, ., _ and -, at most 100 of them, and begins with one of the first two"
            )
        return value


class CacheSettings(Params):
    """Where results are kept."""

    dir: str = Field(
        "cache",
        description="folder of the cache, relative to the project's root; an absolute path names a cache that several "
        "projects share",
    )
    salt: str = Field("", max_length=200, description="part of every key: another salt disowns all earlier results")
    max_size: str | int | None = Field(
        None,
        description="a build that leaves the cache bigger says so, and cache gc makes it smaller: a size such as "
        '"20 GB", or a number of bytes',
    )

    @field_validator("dir")
    @classmethod
    def _dir_is_usable(cls, value: str) -> str:
        if value.startswith("/"):
            return value
        if value.startswith("~"):
            raise ValueError('is not expanded from "~"; write the whole path')
        if wrong := path_names.wrong_with(value):
            raise ValueError(wrong)
        return value

    @field_validator("max_size", mode="before")
    @classmethod
    def _max_size_is_a_size(cls, value: object) -> object:
        return _checked_size(value, "20 GB")


class BuildSettings(Params):
    """How a build runs, and where it delivers."""

    output: str = Field("build", description="folder of the exports, relative to the project's root and inside it")
    workers: int | None = Field(
        None,
        ge=1,
        le=256,
        description="how many nodes are rendered at a time; as many as there are processors if not given",
    )
    memory_budget: str | int | None = Field(
        None,
        description='how much memory loaded models may take: a size such as "12 GB", or a number of bytes; one model '
        "at a time if not given",
    )
    weights_dir: str | None = Field(
        None,
        min_length=1,
        description="folder with checkpoints by name (facebook/musicgen-small/state_dict.bin), looked at before the "
        "cache of the Hugging Face hub; relative to the project's root, or absolute",
    )

    @field_validator("output")
    @classmethod
    def _output_is_usable(cls, value: str) -> str:
        if wrong := path_names.wrong_with(value):
            raise ValueError(wrong)
        return value

    @field_validator("weights_dir")
    @classmethod
    def _weights_dir_is_usable(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("~"):
            raise ValueError('is not expanded from "~"; write the whole path')
        return value

    @field_validator("memory_budget", mode="before")
    @classmethod
    def _budget_is_a_size(cls, value: object) -> object:
        return _checked_size(value, "12 GB")


class PolicySettings(Params):
    """What may be delivered."""

    allow_licenses: list[str] | None = Field(
        None,
        description="licences of model weights that may be used, as SPDX identifiers such as CC-BY-NC-4.0; any if not "
        "given",
    )
    require: Literal["commercial"] | None = Field(
        None, description='"commercial" refuses weights whose licence does not allow commercial use'
    )


class NamedModel(Params):
    """The table form of an entry of [models]."""

    model: str = Field(min_length=1, description="the folder of a checkpoint")
    license: str | None = Field(
        None,
        description="licence of its weights, as an SPDX identifier such as MIT, or LicenseRef- and a word of your own",
    )

    @field_validator("license")
    @classmethod
    def _license_is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9.+-]{1,100}", value):
            raise ValueError(f'must be one SPDX identifier such as "MIT", not {quote(value)}')
        return value


_TABLES: dict[str, type[Params]] = {
    "project": ProjectSettings,
    "cache": CacheSettings,
    "build": BuildSettings,
    "policy": PolicySettings,
}
WEIGHTS_DIR = "SOUNDGRAPH_WEIGHTS_DIR"
"""An environment variable that stands for [build] weights_dir: weights lie elsewhere on each machine."""

POLICIES = ("commercial",)
"""What --policy, and [policy] require, may ask for."""

NAMES = ("models", *_TABLES, "defaults")
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
        return _n_bytes(self.build.memory_budget)

    @property
    def max_cache_bytes(self) -> int | None:
        return _n_bytes(self.cache.max_size)


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
        name: _settings(sheet, name, model, mistakes) for name, model in _TABLES.items() if name in sheet.table
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


def check_defaults(written: Any, sink: MistakeSink) -> dict[str, dict[str, Any]]:
    """The [defaults.<kind>] tables of a scene or of the project. sink: of the file, for what is wrong with them."""
    if not isinstance(written, Mapping):
        sink.table(("defaults",), "defaults").wrong((), f"must be a table, not {validation_words.kind_of(written)}")
        return {}
    checked = {}
    for name, table in written.items():
        own = sink.table(("defaults", name), f"defaults.{name}")
        if not KINDS.has(str(name)):
            own.wrong((), f"unknown kind {quote(name)}{did_you_mean(str(name), KINDS.names())}")
        elif (refusal := KINDS.refusal(str(name))) is not None:
            own.wrong((), refusal.what, refusal.hint)
        elif not isinstance(table, Mapping):
            own.wrong((), f"must be a table, not {validation_words.kind_of(table)}")
        else:
            checked[name] = dict(table)
            for keys, what in _wrong_defaults(name, table):
                own.wrong(keys, what)
    return checked


def _wrong_defaults(kind: str, table: Mapping[str, Any]) -> list[tuple[toml_lines.Keys, str]]:
    params = get_kind(kind).params
    own = {*reference_fields(params), *file_fields(params)} & table.keys()
    wrong: list[tuple[toml_lines.Keys, str]] = [
        ((name,), f"{name} has no default: it is what makes one node differ from another") for name in sorted(own)
    ]
    others = {name: value for name, value in table.items() if name not in own}
    if get_kind(kind).render is None:
        # What a model takes that others need not: it is for those nodes only whose models do.
        for name in [name for name in others if name not in params.model_fields]:
            if node_fields.has_field(kind, name):
                wrong += _wrong_for_all(node_fields.takers(name), name, others.pop(name))
            else:
                what = validation_words.unknown_field(name, sorted(node_fields.all_fields(kind)))
                wrong.append(((name,), what))
                del others[name]
    try:
        params.model_validate(others)
    except ValidationError as error:
        # A field that is missing may stand in each node, and how fields go together is asked of each node too.
        wrong += [
            (keys, what)
            for keys, what in validation_words.explain(error, params, others)
            if keys and not (len(keys) == 1 and keys[0] not in others)
        ]
    return wrong


def _wrong_for_all(takers: Iterable[str], name: str, value: Any) -> list[tuple[toml_lines.Keys, str]]:
    """What is wrong with the value of a field, if no backend that takes the field takes that."""
    first: list[tuple[toml_lines.Keys, str]] = []
    for taker in takers:
        params = backends.get(taker).params
        try:
            params.model_validate({name: value})
        except ValidationError as error:
            explained = validation_words.explain(error, params, {name: value})
            wrong = [(keys, what) for keys, what in explained if keys and keys[0] == name]
            if wrong:
                first = first or wrong
                continue
        return []
    return first


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
    if model_names.is_folder(entry.model):
        return []  # whether it can be used is asked of the nodes that use it
    try:
        model = model_names.resolve(entry.model, {})
    except model_names.UnknownModelError as error:
        return [((), f"{name} {error}")]
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
        if model_names.is_folder(model_id) and project.delivers_into(project.root / model_id):
            overlaps.append(sheet.mistake(("models", name), "models", f"{name}: {quote(model_id)} {lies}"))
    return overlaps
