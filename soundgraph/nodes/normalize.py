"""Bring a sound to a loudness, a true peak, an RMS level or a sample peak by one gain over all of it."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp import loudness
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Form, Kind

_SILENT_DBFS = -120.0
_ABSURD_DBFS = 240.0  # measuring what is louder would leave the range of float32


class Normalize(Params):
    input: NodeRef = Field(description="the node to bring to a level")
    lufs: float | None = Field(None, ge=-60, le=0, description="integrated loudness to reach, ITU-R BS.1770-4")
    true_peak_dbtp: float | None = Field(None, ge=-120, le=20, description="true peak to reach, instead of lufs")
    rms_dbfs: float | None = Field(
        None, ge=-120, le=20, description="RMS over all samples and channels to reach, instead of lufs"
    )
    peak_dbfs: float | None = Field(None, ge=-120, le=20, description="largest sample to reach, instead of lufs")

    @model_validator(mode="after")
    def _one_target(self) -> Normalize:
        targets = (self.lufs, self.true_peak_dbtp, self.rms_dbfs, self.peak_dbfs)
        if sum(target is not None for target in targets) != 1:
            raise ValueError("give one of lufs, true_peak_dbtp, rms_dbfs and peak_dbfs, and no other")
        return self


def render(node: Normalize, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    audio = make(audio.samples, audio.sample_rate)  # what is not a number has no level either, but is not silence
    peak_dbfs = loudness.sample_peak_dbfs(audio)
    if peak_dbfs is None or peak_dbfs < _SILENT_DBFS:
        return audio
    if peak_dbfs > _ABSURD_DBFS:
        raise NodeError(f"its peak is {peak_dbfs:.0f} dB over full scale, too loud to be measured")
    if node.lufs is not None:
        gain_db = loudness.blocks(audio).gain_to(node.lufs)
    elif node.rms_dbfs is not None:
        gain_db = loudness.nearest_gain_db(node.rms_dbfs - _rms_dbfs(audio))
    elif node.true_peak_dbtp is not None:
        gain_db = loudness.gain_db_below(node.true_peak_dbtp - (loudness.true_peak_dbtp(audio) or 0.0))
    else:
        gain_db = loudness.gain_db_below((node.peak_dbfs or 0.0) - peak_dbfs)
    if not gain_db:
        return audio
    # As float32 and by multiplication alone, which every processor rounds alike.
    return make(audio.samples * np.float32(10 ** (gain_db / 20)), audio.sample_rate)


def _rms_dbfs(audio: Audio) -> float:
    """20·log10 of the RMS, where a square wave of full scale reads 0 and a sine -3.01; not for silence."""
    squares = sum(float(np.add.reduce(np.square(channel, dtype=np.float64))) for channel in audio.samples)
    return 10 * math.log10(squares / audio.samples.size)


def revised(node: Normalize, inputs: Collection[Form]) -> bool:
    return node.lufs is not None and any(loudness.reads_anew(*form) for form in inputs)


KIND = Kind(version=1, params=Normalize, render=render, revised=revised)
