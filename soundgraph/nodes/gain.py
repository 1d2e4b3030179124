"""Make a sound louder or quieter."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Gain(Params):
    input: NodeRef = Field(description="the node to make louder or quieter")
    gain_db: float = Field(ge=-120, le=60, description="dB; 6.02 doubles the amplitude, -6.02 halves it")


def render(node: Gain, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    factor = 10 ** (node.gain_db / 20)
    result = np.empty_like(audio.samples)
    with np.errstate(over="ignore"):  # make() refuses infinity, in words
        # Told where to, numpy rounds to float32 as it goes; a float64 array in between would take twice as long.
        np.multiply(audio.samples, factor, out=result, dtype=np.float64, casting="same_kind")
    return make(result, audio.sample_rate)


KIND = Kind(version=1, params=Gain, render=render)
