"""The tables of `soundgraph.toml` that have fields of their own: what each may say."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from soundgraph.core import path_names
from soundgraph.core.errors import quote
from soundgraph.core.params import Params
from soundgraph.core.units import parse_bytes


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


def n_bytes(size: str | int | None) -> int | None:
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


TABLES: dict[str, type[Params]] = {
    "project": ProjectSettings,
    "cache": CacheSettings,
    "build": BuildSettings,
    "policy": PolicySettings,
}
"""By name; [models] and [defaults] have names of the user's in them."""
