"""Checks: what a scene demands of a sound, and how it is told that a sound does not meet it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio
from soundgraph.core.params import NodeRef, Params

if TYPE_CHECKING:
    from collections.abc import Iterator

SILENT_DBFS = -90.0
"""A sound with no sample above this counts as silent: it is the last bit of a 16-bit file."""

Measured = Mapping[str, Any]
"""The fields of `dsp.figures.Figures`, and `seam`."""


class Check(Params):
    """An entry of [[checks]]: a node or an export, and limits. A limit itself is allowed."""

    node: NodeRef | None = Field(
        None, description="the node whose sound is checked, before anything is delivered of it"
    )
    export: str | None = Field(
        None, min_length=1, description="the export whose files are checked, each as it is once decoded"
    )
    min_duration: float | None = Field(None, ge=0, le=MAX_SECONDS, description="seconds it has to last at least")
    max_duration: float | None = Field(None, ge=0, le=MAX_SECONDS, description="seconds it may last at most")
    min_loudness_lufs: float | None = Field(None, ge=-70, le=20, description="least integrated loudness, in LUFS")
    max_loudness_lufs: float | None = Field(None, ge=-70, le=20, description="largest integrated loudness, in LUFS")
    max_short_term_lufs: float | None = Field(
        None, ge=-70, le=20, description="how loud its loudest 3 seconds may be, in LUFS"
    )
    min_loudness_range_lu: float | None = Field(
        None, ge=0, le=70, description="least loudness range, in LU (Tech 3342)"
    )
    max_loudness_range_lu: float | None = Field(
        None, ge=0, le=70, description="largest loudness range, in LU (Tech 3342)"
    )
    max_drift_lu: float | None = Field(
        None, ge=0, le=70, description="how far the loudness of a long piece may wander, in LU"
    )
    max_true_peak_dbtp: float | None = Field(None, ge=-90, le=60, description="highest true peak, in dBTP")
    max_clipped_samples: int | None = Field(None, ge=0, description="how many samples may be clipped")
    max_dc_offset: float | None = Field(
        None, ge=0, le=1, description="how far the mean of a channel may lie from 0, where full scale is 1"
    )
    max_seam: float | None = Field(
        None,
        ge=0,
        description="how much rougher than elsewhere a loop may be where its end meets its beginning: of the loop that "
        "an export states, else of the whole sound; over 5 it is heard",
    )
    min_bandwidth_hz: float | None = Field(
        None, ge=0, le=96000, description="Hz up to which there has to be something in it"
    )
    max_bandwidth_hz: float | None = Field(
        None, ge=0, le=96000, description="Hz above which there must be nothing in it"
    )
    silent: bool | None = Field(
        None, description="false: some sample has to be above -90 dBFS; true: none may be; not checked if not given"
    )

    @model_validator(mode="after")
    def _says_what_of_what(self) -> Check:
        if (self.node is None) == (self.export is None):
            raise ValueError("give node or export, one of them")
        if not self.limits:
            raise ValueError("demands nothing: give it a limit, such as max_true_peak_dbtp or silent")
        for low, high in self._ranges():
            least, most = getattr(self, low), getattr(self, high)
            if least is not None and most is not None and least > most:
                raise ValueError(f"{low} ({least:g}) is over {high} ({most:g}): nothing can meet both")
        return self

    @property
    def limits(self) -> dict[str, Any]:
        """What is demanded, by field."""
        return self.model_dump(exclude_none=True, exclude={"node", "export"})

    @classmethod
    def _ranges(cls) -> Iterator[tuple[str, str]]:
        for name in cls.model_fields:
            high = f"max_{name.removeprefix('min_')}"
            if name.startswith("min_") and high in cls.model_fields:
                yield name, high

    def faults(self, measured: Measured) -> list[str]:
        """Each limit that a sound does not keep, with the figure and the limit; empty if it keeps all.

        What cannot be measured, such as the loudness of silence, is under every least and not over any most.
        """
        faults = []
        for name, limit in self.limits.items():
            if name == "silent":
                peak = measured["sample_peak_dbfs"]
                if (peak is None or peak <= SILENT_DBFS) != limit:
                    loud = (
                        "nowhere louder than -90 dBFS"
                        if peak is None or peak <= SILENT_DBFS
                        else f"up to {peak:.1f} dBFS"
                    )
                    faults.append(f"it is {loud}, and silent = {'true' if limit else 'false'} is asked for")
                continue
            side, _, quantity = name.partition("_")
            field, words, unit = _QUANTITIES[quantity]
            figure = measured[field]
            if side == "min" and (figure is None or figure < limit):
                faults.append(f"{words} is {_spelled(figure, limit, unit)}, under {name} = {_number(limit)}")
            if side == "max" and figure is not None and figure > limit:
                faults.append(f"{words} is {_spelled(figure, limit, unit)}, over {name} = {_number(limit)}")
        return faults


_QUANTITIES = {
    "duration": ("duration_s", "its length", " s"),
    "loudness_lufs": ("loudness_lufs", "its loudness", " LUFS"),
    "short_term_lufs": ("short_term_max_lufs", "its largest short-term loudness", " LUFS"),
    "loudness_range_lu": ("loudness_range_lu", "its loudness range", " LU"),
    "drift_lu": ("drift_lu", "the drift of its loudness", " LU"),
    "true_peak_dbtp": ("true_peak_dbtp", "its true peak", " dBTP"),
    "clipped_samples": ("clipped_samples", "the number of its clipped samples", ""),
    "dc_offset": ("dc_offset", "its DC offset", ""),
    "seam": ("seam", "the seam of its loop", ""),
    "bandwidth_hz": ("bandwidth_hz", "its bandwidth", " Hz"),
}
"""By what follows min_ or max_: (what is measured, its words, its unit)."""


def measure(sound: Audio, start: int = 0, stop: int | None = None) -> dict[str, Any]:
    """All that can be checked of a sound. start, stop: its loop, in samples; all of it if not given."""
    from soundgraph.audio.dsp import figures, seam

    return {**asdict(figures.measure(sound)), "seam": seam.seam_ratio(sound, start, stop)}


def _spelled(figure: float | None, limit: float, unit: str) -> str:
    """The figure, with as many places as it takes to tell it from the limit: never "-1 dBTP, over -1"."""
    if figure is None:
        return "not measurable"
    places = next((n for n in range(1, 9) if round(figure, n) != round(limit, n)), 9)
    return f"{_number(round(figure, places))}{unit}"


def _number(value: float) -> str:
    """With all its places, and no ".0": 3600.0001, where :g would say 3600."""
    return f"{value:.10g}"
