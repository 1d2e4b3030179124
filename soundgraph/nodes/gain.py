"""Make a sound louder or quieter."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from soundgraph.audio import Audio, make
from soundgraph.kinds import Kind, NodeRef, Params


class Gain(Params):
    input: NodeRef = Field(description="the node to make louder or quieter")
    gain_db: float = Field(ge=-120, le=60, description="dB; 6.02 doubles the amplitude, -6.02 halves it")


def render(node: Gain, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    factor = 10 ** (node.gain_db / 20)
    with np.errstate(over="ignore"):  # make() refuses infinity, in words
        return make(np.multiply(audio.samples, factor, dtype=np.float64), audio.sample_rate)


KIND = Kind(version=1, params=Gain, render=render)
