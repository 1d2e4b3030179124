"""What a scene is once it has been read: settings, validated nodes and exports. `loader` makes one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from soundgraph.backends import Model
from soundgraph.kinds import Kind, NodeRef, Params

Format = Literal["wav", "ogg", "flac"]

DRAFT_FOLDER = "draft"
"""Under the output folder: what `--draft` delivers, so that a draft never takes a real file's place."""

SampleRate = Annotated[int, Field(ge=8000, le=192000)]
Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]


class SceneSettings(Params):
    """The [scene] table."""

    sample_rate: SampleRate = Field(
        48000, description="Hz of what is mixed and exported; nodes before a mix keep their own rate"
    )
    duration: float = Field(10.0, gt=0, le=3600, description="seconds; the length of generate nodes that state none")
    seed: Seed = Field(0, description="seed of generate nodes that state none")


class ExportSettings(Params):
    """An [exports.<name>] table: what a build delivers, and how."""

    node: NodeRef = Field(description="the node whose sound is delivered")
    format: Format | list[Format] = Field(
        "wav", description='file format, or a list of them: "wav", "ogg" (Vorbis), "flac"'
    )
    path: str | None = Field(
        None, description="where under the build folder, without extension; the export's name if not given"
    )
    loudness_lufs: float | None = Field(
        None,
        ge=-70,
        le=0,
        description="integrated loudness to bring the file to, in LUFS (ITU-R BS.1770-4); unchanged if not given",
    )
    true_peak_dbtp: float | None = Field(
        None, ge=-60, le=0, description="ceiling of the true peak, in dBTP; wins over loudness_lufs"
    )
    headroom: Literal["scale", "error", "none"] = Field(
        "scale",
        description='what happens to a peak over full scale: "scale" brings the file down and says by how many dB, '
        '"error" fails the export, "none" leaves it (integer formats clip)',
    )
    bit_depth: Literal[16, 24, 32] = Field(
        24, description="bits a sample of wav and flac: 16 (with seeded TPDF dither), 24, or 32 (float; wav only)"
    )
    quality: float = Field(0.6, ge=0, le=1, description="quality of ogg, from 0 (smallest) to 1 (best)")

    @field_validator("format")
    @classmethod
    def _some_format(cls, value: Format | list[Format]) -> Format | list[Format]:
        if not value:
            raise ValueError("needs at least one format")
        if isinstance(value, list) and len(set(value)) < len(value):
            raise ValueError("names a format twice")
        return value

    @model_validator(mode="after")
    def _depth_fits(self) -> ExportSettings:
        if self.bit_depth == 32 and "flac" in self.formats:
            raise ValueError("flac holds 16 or 24 bits, not 32")
        return self

    @model_validator(mode="after")
    def _settings_are_used(self) -> ExportSettings:
        given = self.model_fields_set
        if "bit_depth" in given and set(self.formats) == {"ogg"}:
            raise ValueError("bit_depth is for wav and flac; ogg has quality")
        if "quality" in given and "ogg" not in self.formats:
            raise ValueError("quality is for ogg")
        return self

    @property
    def formats(self) -> tuple[Format, ...]:
        return tuple(self.format) if isinstance(self.format, list) else (self.format,)


@dataclass(frozen=True)
class Origin:
    """Where something was written, for messages. `keys` leads to it in the file, as in ("nodes", "rain", "prompt").

    file: as the user would type it, relative to the project's root; "" for a scene that was built in code.
    """

    file: str
    keys: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Node:
    """A step of a scene, with defaults, overrides and the scene's own settings filled in.

    name: within its scene; "rain.bed" for a node `bed` of an included file `rain.toml`.
    model: the model a generate node asks for, resolved through [models]; None for other kinds.
    params: NodeRefs in it are names within the same scene (prefixed for included nodes); FileRefs are absolute paths.
    """

    name: str
    kind_name: str
    kind: Kind
    params: Params
    origin: Origin
    model: Model | None = None


@dataclass(frozen=True)
class Export:
    """A file, or one in several formats, that a build delivers.

    path: under the build folder, without extension, with "/" between its parts.
    """

    name: str
    settings: ExportSettings
    path: str
    origin: Origin

    def files(self) -> list[str]:
        """The files it delivers, relative to the build folder."""
        return [f"{self.path}.{extension}" for extension in self.settings.formats]


@dataclass(frozen=True)
class Scene:
    """A scene that has been read and checked in itself: every reference names a node; there may still be a cycle.

    id: the path under `graphs/` without `.toml`, with "/" between its parts.
    path: the scene's file; None for a scene that was built in code.
    read: every file that was read for it, or looked for and absent: scene, includes, soundgraph.toml, recordings.
    """

    id: str
    path: Path | None
    settings: SceneSettings
    nodes: dict[str, Node]
    exports: dict[str, Export]
    read: tuple[Path, ...] = ()


def node_id(scene_id: str, node: str, take: int = 1) -> str:
    """`forest/rain:dark_rain`, and `forest/rain:steps#3` for a later take. The one place that spells a node's id."""
    return f"{scene_id}:{node}" if take == 1 else f"{scene_id}:{node}#{take}"
