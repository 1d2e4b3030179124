"""Make a sound louder and softer again and again."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Tremble(Params):
    input: NodeRef = Field(description="the node that is to tremble")
    rate_hz: float = Field(5.0, gt=0, le=50, description="how often in a second")


def render(node: Tremble, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    at = np.arange(audio.n_samples) / audio.sample_rate
    return make(audio.samples * (1 + np.cos(2 * np.pi * node.rate_hz * at)) / 2, audio.sample_rate)


KIND = Kind(version=3, params=Tremble, render=render)
