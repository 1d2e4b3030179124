"""Cut away the silence at the beginning and the end of a sound."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.fades import fade_in, fade_out
from soundgraph.audio.dsp.loudness import sample_peak_dbfs
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class SilenceTrim(Params):
    input: NodeRef = Field(description="the node to cut")
    threshold_db: float = Field(
        -60.0, ge=-140, le=0, description="dBFS; what stays under it in every channel counts as silence"
    )
    margin_ms: float = Field(
        10.0, ge=0, le=60000, description="ms of the silence that are kept before and after the sound"
    )
    fade_ms: float = Field(
        5.0, ge=0, le=60000, description="ms over which a cut end is faded, within the margin that is kept"
    )
    ends: Literal["both", "start", "end"] = Field("both", description="where to cut")

    @model_validator(mode="after")
    def _fades_lie_in_the_margin(self) -> SilenceTrim:
        if self.fade_ms > self.margin_ms:
            raise ValueError(
                f"fade_ms ({self.fade_ms:g}) is more than margin_ms ({self.margin_ms:g}): the sound itself would fade"
            )
        return self


def render(node: SilenceTrim, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    n = audio.n_samples
    if not n:
        return audio
    loud = np.abs(audio.samples).max(axis=0) >= np.float32(10 ** (node.threshold_db / 20))
    if not loud.any():
        peak = sample_peak_dbfs(audio)
        if peak is None:
            raise NodeError("the sound is silence from beginning to end, and nothing would be left of it")
        raise NodeError(
            f"the sound peaks at {peak:.1f} dBFS, under threshold_db = {node.threshold_db:g}, "
            "so nothing would be left of it; lower threshold_db"
        )
    margin = math.ceil(node.margin_ms * audio.sample_rate / 1000)
    fade = math.floor(node.fade_ms * audio.sample_rate / 1000)
    first, last = int(loud.argmax()), n - int(loud[::-1].argmax())
    start = 0 if node.ends == "end" else max(first - margin, 0)
    stop = n if node.ends == "start" else min(last + margin, n)
    samples = audio.samples[:, start:stop]
    # An end that was not cut stays as it is. Where one was, the whole margin is there to fade in.
    if start:
        samples = fade_in(samples, fade, "cosine")
    if stop < n:
        samples = fade_out(samples, fade, "cosine")
    return make(samples, audio.sample_rate)


KIND = Kind(version=1, params=SilenceTrim, render=render)
