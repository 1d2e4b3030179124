"""What an export may say: formats, levels, and how they are written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from soundgraph.kinds import NodeRef, Params

Format = Literal["wav", "ogg", "flac"]


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
