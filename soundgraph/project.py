"""The project: what `soundgraph.toml` says, and what holds where it says nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from soundgraph import kinds, models, paths, root, toml_file, wording
from soundgraph.errors import Mistake, SceneError, did_you_mean, quote
from soundgraph.kinds import Params
from soundgraph.toml_file import Sheet

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(k|M|G|T|Ki|Mi|Gi|Ti)?B")
_UNITS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def parse_bytes(text: str) -> int:
    """ "12 GB" as a number of bytes; GB is 10⁹ and GiB 2³⁰. Raises ValueError for anything else."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f'{quote(text)} is not a size such as "12 GB"')
    return round(float(match[1]) * _UNITS.get(match[2], 1))


class CacheSettings(Params):
    """Where results are kept."""

    dir: str = Field(
        "cache",
        description="folder of the cache, relative to the project's root; an absolute path names a cache that several "
        "projects share",
    )
    salt: str = Field("", max_length=200, description="part of every key: another salt disowns all earlier results")

    @field_validator("dir")
    @classmethod
    def _dir_is_usable(cls, value: str) -> str:
        if value.startswith("/"):
            return value
        if value.startswith("~"):
            raise ValueError('is not expanded from "~"; write the whole path')
        if wrong := paths.wrong_with(value):
            raise ValueError(wrong)
        return value


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
        description='how much memory loaded models may take: a size such as "12 GB", or a number of bytes '
        "(not used yet)",
    )

    @field_validator("output")
    @classmethod
    def _output_is_usable(cls, value: str) -> str:
        if wrong := paths.wrong_with(value):
            raise ValueError(wrong)
        return value

    @field_validator("memory_budget", mode="before")
    @classmethod
    def _budget_is_a_size(cls, value: object) -> object:
        if isinstance(value, str):
            if parse_bytes(value) < 1:
                raise ValueError("must be over 0")
        elif isinstance(value, bool) or not isinstance(value, int):
            raise ValueError('must be a size such as "12 GB", or a number of bytes')
        elif value < 1:
            raise ValueError(f"must be over 0, not {value}")
        return value


class PolicySettings(Params):
    """What may be delivered."""

    allow_licenses: list[str] | None = Field(
        None,
        description="licences of model weights that may be used, as SPDX identifiers such as CC-BY-NC-4.0; any if not "
        "given",
    )


_TABLES: dict[str, type[Params]] = {"cache": CacheSettings, "build": BuildSettings, "policy": PolicySettings}
Place = Callable[[wording.Keys, str, str], Mistake]
"""From keys, table and words to a mistake with its place in the file."""

NAMES = ("models", *_TABLES, "defaults")
"""The tables of a soundgraph.toml."""


@dataclass(frozen=True)
class Project:
    """A project's settings.

    root: absolute. models: logical names to ids of models. defaults: by kind, as they were written, checked.
    read: the files that were read for it, or looked for and absent.
    """

    root: Path
    models: Mapping[str, str] = field(default_factory=lambda: dict(models.BUILT_IN))
    cache: CacheSettings = field(default_factory=lambda: CacheSettings.model_validate({}))
    build: BuildSettings = field(default_factory=lambda: BuildSettings.model_validate({}))
    policy: PolicySettings = field(default_factory=lambda: PolicySettings.model_validate({}))
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sheet: Sheet | None = None
    read: tuple[Path, ...] = ()

    @property
    def cache_dir(self) -> Path:
        return self.root / self.cache.dir

    @property
    def output_dir(self) -> Path:
        return self.root / self.build.output

    @property
    def memory_budget_bytes(self) -> int | None:
        budget = self.build.memory_budget
        return parse_bytes(budget) if isinstance(budget, str) else budget


def find_root(start: Path) -> Path:
    """The root of the project that `start`, a scene or a folder, belongs to; see `root.find_root`."""
    return Path(root.find_root(str(start)))


def load_project(folder: Path) -> Project:
    """The project at `folder`, with or without a soundgraph.toml. Raises SceneError with all its mistakes."""
    folder = folder.absolute()
    path = folder / root.PROJECT_FILE
    if not path.is_file():
        return Project(folder, read=(path,))
    sheet = toml_file.read(path, root.PROJECT_FILE)
    mistakes = [
        sheet.mistake((name,), "", f"unknown table {quote(name)}{did_you_mean(name, NAMES)}")
        for name in sheet.table
        if name not in NAMES
    ]
    settings: dict[str, Any] = {
        name: _settings(sheet, name, model, mistakes) for name, model in _TABLES.items() if name in sheet.table
    }
    logical = _models(sheet, mistakes)
    defaults = check_defaults(sheet.table.get("defaults", {}), sheet.mistake, mistakes)
    if not mistakes:
        mistakes += _overlap(sheet, Project(folder, **settings))
    if mistakes:
        raise SceneError(mistakes)
    return Project(folder, logical, defaults=defaults, sheet=sheet, read=(path,), **settings)


def check_defaults(written: Any, place: Place, mistakes: list[Mistake]) -> dict[str, dict[str, Any]]:
    """The [defaults.<kind>] tables of a scene or of the project; adds to `mistakes` what is wrong with them."""
    if not isinstance(written, Mapping):
        mistakes.append(place(("defaults",), "defaults", f"must be a table, not {wording.kind_of(written)}"))
        return {}
    found = {}
    for name, table in written.items():
        where = f"defaults.{name}"
        if name not in kinds.names():
            what = f"unknown kind {quote(name)}{did_you_mean(str(name), kinds.names())}"
            mistakes.append(place(("defaults", name), where, what))
        elif not isinstance(table, Mapping):
            what = f"must be a table, not {wording.kind_of(table)}"
            mistakes.append(place(("defaults", name), where, what))
        else:
            found[name] = dict(table)
            for keys, what in _wrong_defaults(name, table):
                mistakes.append(place(("defaults", name, *keys), where, what))
    return found


def _wrong_defaults(kind: str, table: Mapping[str, Any]) -> list[tuple[wording.Keys, str]]:
    params = kinds.get(kind).params
    own = {*kinds.reference_fields(params), *kinds.file_fields(params)} & table.keys()
    wrong: list[tuple[wording.Keys, str]] = [
        ((name,), f"{name} has no default: it is what makes one node differ from another") for name in sorted(own)
    ]
    others = {name: value for name, value in table.items() if name not in own}
    try:
        params.model_validate(others)
    except ValidationError as error:
        # A field that is missing may stand in each node, and how fields go together is asked of each node too.
        wrong += [
            (keys, what)
            for keys, what in wording.explain(error, params, others)
            if keys and not (len(keys) == 1 and keys[0] not in others)
        ]
    return wrong


def _settings(sheet: Sheet, name: str, model: type[Params], mistakes: list[Mistake]) -> Params | None:
    try:
        return model.model_validate(sheet.table[name])
    except ValidationError as error:
        if not isinstance(sheet.table[name], dict):
            what = f"must be a table, not {wording.kind_of(sheet.table[name])}"
            mistakes.append(sheet.mistake((name,), name, what))
        else:
            for keys, what in wording.explain(error, model, sheet.table[name]):
                mistakes.append(sheet.mistake((name, *keys), name, what))
        return None


def _models(sheet: Sheet, mistakes: list[Mistake]) -> dict[str, str]:
    """The logical names: the built-in ones, and those of [models]."""
    table = sheet.table.get("models", {})
    logical = dict(models.BUILT_IN)
    if not isinstance(table, dict):
        mistakes.append(sheet.mistake(("models",), "models", f"must be a table, not {wording.kind_of(table)}"))
        return logical
    for name, model_id in table.items():
        what = ""
        if not paths.is_name(name):
            what = f"{quote(name)} {paths.NAME_RULE}"
        elif not isinstance(model_id, str):
            what = f"{name} must be a string, not {wording.kind_of(model_id)}"
        elif not models.is_folder(model_id):
            # Whether a folder can be used is asked of the nodes that use it.
            try:
                models.resolve(model_id, {})
            except models.UnknownModelError as error:
                what = f"{name} {error}"
        if what:
            mistakes.append(sheet.mistake(("models", name), "models", what))
        else:
            logical[name] = model_id
    return logical


def _overlap(sheet: Sheet, project: Project) -> list[Mistake]:
    """Output, cache and scenes may not lie in one another: soundgraph removes files of its own from the first two."""
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
        if a == b or a in b.parents or b in a.parents:
            return [sheet.mistake(keys, keys[0], f"{words} overlaps the folder of the {other}")]
    return []
