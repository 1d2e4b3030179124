"""Place a sound between left and right; the result is stereo."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp import panning
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Pan(Params):
    input: NodeRef = Field(description="the node to place, mono or stereo")
    pan: float = Field(ge=-1, le=1, description="from -1 (left) over 0 (centre) to 1 (right)")


def render(node: Pan, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    return make(panning.pan(audio.samples, node.pan), audio.sample_rate)


KIND = Kind(version=1, params=Pan, render=render)
