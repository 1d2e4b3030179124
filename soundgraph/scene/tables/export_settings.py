"""What an export may say: formats, levels, loops and tags, and how they are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, PlainValidator, ValidationInfo, field_validator, model_validator
from pydantic_core import CoreSchema, PydanticKnownError

from soundgraph.audio.artifact import MAX_SECONDS
from soundgraph.audio.formats import FORMATS, format_names, get_format, lossless_names, lossy_names
from soundgraph.core.errors import PluginError
from soundgraph.core.params import NodeRef, Params
from soundgraph.core.text import listed
from soundgraph.scene.tables.presets import PRESETS, Preset


class _FormatNames:
    """What tells pydantic which formats there are when it is asked: a Literal would have to know when it is defined."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": [*format_names(), *FORMATS.from_packages()]}


def _known_format(name: Any) -> str:
    if not isinstance(name, str) or not FORMATS.has(name):
        expected = " or ".join(f"'{known}'" for known in format_names())
        raise PydanticKnownError("literal_error", {"expected": expected})
    try:
        get_format(name)
    except PluginError as error:
        raise ValueError(f"names what cannot be used: {error.what}") from error
    return name


FormatName = Annotated[str, PlainValidator(_known_format), _FormatNames()]


class ExportLoop(Params):
    """A part of a sound that is played again and again."""

    start: float = Field(0.0, ge=0, le=MAX_SECONDS, description="seconds into the sound, where the loop begins")
    end: float | None = Field(
        None, gt=0, le=MAX_SECONDS, description="seconds into the sound, where it jumps back; its end if not given"
    )

    @field_validator("end")
    @classmethod
    def _after_the_start(cls, end: float | None, info: ValidationInfo) -> float | None:
        start = info.data.get("start", 0.0)
        if end is not None and end <= start:
            raise ValueError(f"must be over {start:g}, where the loop starts, not {end:g}")
        return end


class Cue(Params):
    """A place in a sound that has a name."""

    at: float = Field(ge=0, le=MAX_SECONDS, description="seconds into the sound")
    label: str = Field("", max_length=200, description="its name")

    @field_validator("label")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return _printable(value)


class Tags(Params):
    """What a file says of itself to whoever opens it."""

    title: str | None = Field(None, min_length=1, max_length=1000, description="what it is called")
    artist: str | None = Field(None, min_length=1, max_length=1000, description="whose it is")
    comment: str | None = Field(None, min_length=1, max_length=1000, description="anything else")

    @field_validator("title", "artist", "comment")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        return None if value is None else _printable(value)


class ExportSettings(Params):
    """An [exports.<name>] table: what a build delivers, and how."""

    node: NodeRef = Field(description="the node whose sound is delivered")
    format: FormatName | list[FormatName] = Field("wav", description="file format, or a list of them")
    path: str | None = Field(
        None, description="where under the build folder, without extension; the export's name if not given"
    )
    preset: Preset | None = Field(
        None, description="levels for where the sound is used; what the export says itself comes first"
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
        24,
        description="bits a sample of a format without loss: 16 (with seeded TPDF dither), 24, or 32 (float; wav only)",
    )
    quality: float = Field(0.6, ge=0, le=1, description="quality of a lossy format, from 0 (smallest) to 1 (best)")
    loop: bool | ExportLoop = Field(False, description="the part that is played again and again; true for all of it")
    on_broken_loop: Literal["warn", "error"] = Field(
        "warn", description="what happens if the loop has an audible seam in the file, once it is decoded"
    )
    cues: list[Cue] = Field(default=[], max_length=999, description="places that have a name")
    tags: Tags | None = Field(None, description="what the file says of itself")

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, table: Any) -> Any:
        # Filled in, rather than looked up when they are used: what a file depends on is then its levels, whatever their
        # origin, and a preset that changes with a version rewrites the files that it changes.
        preset = table.get("preset") if isinstance(table, Mapping) else None
        return {**PRESETS[preset], **table} if isinstance(preset, str) and preset in PRESETS else table

    @field_validator("format")
    @classmethod
    def _some_format(cls, value: str | list[str]) -> str | list[str]:
        if not value:
            raise ValueError("needs at least one format")
        if isinstance(value, list) and len(set(value)) < len(value):
            raise ValueError("names a format twice")
        return value

    @model_validator(mode="after")
    def _depth_fits(self) -> ExportSettings:
        for name in self.formats:
            held = get_format(name).bit_depths
            if held and self.bit_depth not in held:
                raise ValueError(f"{name} holds {' or '.join(map(str, held))} bits, not {self.bit_depth}")
        return self

    @model_validator(mode="after")
    def _settings_are_used(self) -> ExportSettings:
        given = self.model_fields_set
        lossless = {get_format(name).lossless for name in self.formats}
        if "bit_depth" in given and True not in lossless:
            have = f"{' and '.join(self.formats)} {'has' if len(self.formats) == 1 else 'have'} quality"
            raise ValueError(f"bit_depth is for {listed(lossless_names())}; {have}")
        if "quality" in given and False not in lossless:
            raise ValueError(f"quality is for {listed(lossy_names())}")
        if "on_broken_loop" in given and self.loop is False:
            raise ValueError("on_broken_loop is for an export with a loop")
        return self

    @property
    def formats(self) -> tuple[str, ...]:
        return tuple(self.format) if isinstance(self.format, list) else (self.format,)


def _printable(text: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("must be one line of text")
    return text
