"""Shape the tone of a sound with shelves, bells, cuts and notches."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp import filters
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind

_WITH_GAIN = {"low_shelf": filters.low_shelf, "high_shelf": filters.high_shelf, "peaking": filters.peaking}
_WITHOUT_GAIN = {"highpass": filters.highpass, "lowpass": filters.lowpass, "notch": filters.notch}


class Band(Params):
    """One filter of an EQ."""

    type: Literal["low_shelf", "high_shelf", "peaking", "highpass", "lowpass", "notch"] = Field(
        description="what the band does: raise or lower all below (low_shelf) or above (high_shelf) freq_hz, or a bell "
        "around it (peaking); take away all below (highpass) or above (lowpass) it, at 12 dB an octave unless "
        "slope_db_per_octave says more, or a part around it (notch)"
    )
    # The least is not just above 0: far below a hertz the coefficients run out of digits, and nothing is heard there.
    freq_hz: float = Field(
        ge=1, le=96000, description="corner or centre frequency in Hz, less than half the sample rate of the input"
    )
    gain_db: float | None = Field(
        None, ge=-48, le=48, description="dB; for low_shelf, high_shelf and peaking, which need it"
    )
    q: float = Field(
        filters.BUTTERWORTH_Q,
        ge=0.05,
        le=100,
        description="how narrow a bell or notch is, how steep a shelf or the bend of a cut; 0.7071 has no bump",
    )
    slope_db_per_octave: Literal[12, 24, 36, 48] | None = Field(
        None, description="how steeply highpass or lowpass cuts, without a bump (Butterworth); it takes no q then"
    )

    @model_validator(mode="after")
    def _gain_where_it_belongs(self) -> Band:
        if self.type in _WITH_GAIN and self.gain_db is None:
            raise ValueError(f"{self.type} needs gain_db")
        if self.type in _WITHOUT_GAIN and self.gain_db is not None:
            raise ValueError(f"{self.type} takes no gain_db")
        if self.slope_db_per_octave is not None and self.type not in ("highpass", "lowpass"):
            raise ValueError(f"{self.type} takes no slope_db_per_octave")
        if self.slope_db_per_octave is not None and "q" in self.model_fields_set:
            raise ValueError("give slope_db_per_octave or q, not both: a slope has the bend that belongs to it")
        return self

    def sections(self, sample_rate: int) -> filters.Sections:
        """The band's coefficients, shape (sections, 6). Raises ValueError unless freq_hz is below half the rate."""
        if self.gain_db is not None:
            return _WITH_GAIN[self.type](self.freq_hz, sample_rate, self.gain_db, self.q)[np.newaxis]
        cut = _WITHOUT_GAIN[self.type]
        qs = [self.q] if self.slope_db_per_octave is None else _butterworth_qs(self.slope_db_per_octave // 6)
        return np.stack([cut(self.freq_hz, sample_rate, q) for q in qs])


def _butterworth_qs(order: int) -> list[float]:
    """The Q of each second-order section of a Butterworth filter of an even order: its poles lie evenly on a circle."""
    return [1 / (2 * math.cos(math.pi * (2 * k + 1) / (2 * order))) for k in range(order // 2)]


class Eq(Params):
    input: NodeRef = Field(description="the node to shape")
    bands: list[Band] = Field(
        min_length=1, max_length=32, description="the filters, which the sound passes one after another"
    )


def render(node: Eq, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    for index, band in enumerate(node.bands):
        filters.check_frequency(f"bands[{index}].freq_hz", band.freq_hz, audio.sample_rate)
    sections = np.concatenate([band.sections(audio.sample_rate) for band in node.bands])
    return make(filters.apply(audio.samples, sections), audio.sample_rate)


KIND = Kind(version=1, params=Eq, render=render)
